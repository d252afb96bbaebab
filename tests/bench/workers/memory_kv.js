/** What workerd asks of a KV namespace, from memory. */
const values = new Map(); // key -> { value, metadata, expires }
const listings = new Map(); // all up to a key's last colon -> its keys

const prefixOf = (key) => key.slice(0, key.lastIndexOf(":") + 1);

function get(key) {
  const found = values.get(key);
  if (found?.expires > Date.now()) return found;
  remove(key);
}

function remove(key) {
  values.delete(key);
  listings.get(prefixOf(key))?.delete(key);
}

async function put(key, { searchParams }, request) {
  const seconds = Number(searchParams.get("expiration_ttl") ?? Infinity);
  const metadata = request.headers.get("cf-kv-metadata") ?? undefined;
  values.set(key, { value: await request.arrayBuffer(), metadata, expires: Date.now() + 1000 * seconds });
  if (!listings.has(prefixOf(key))) listings.set(prefixOf(key), new Set());
  listings.get(prefixOf(key)).add(key);
}

function list({ searchParams }) {
  const names = [...(listings.get(searchParams.get("prefix")) ?? [])].filter(get);
  return Response.json({ keys: names.map((name) => ({ name, metadata: get(name).metadata })), list_complete: true });
}

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.slice(1));
    if (key === "") return list(url);
    if (request.method === "PUT") await put(key, url, request);
    if (request.method === "DELETE") remove(key);
    if (request.method !== "GET") return new Response();
    const { value, metadata } = get(key) ?? {};
    if (!value) return new Response(null, { status: 404 });
    return new Response(value, { headers: metadata ? { "cf-kv-metadata": metadata } : {} });
  },
};
