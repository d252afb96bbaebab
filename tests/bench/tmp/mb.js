const pairs=[["accept","application/json, text/event-stream"],["content-type","application/json"],["mcp-protocol-version","2025-06-18"],["authorization","Bearer "+"a".repeat(600)]];
const rec=Object.fromEntries(pairs); const body=new Uint8Array(200); const url="http://127.0.0.1:9999/mcp";
const kept=["allow","cache-control","content-language","content-type","mcp-*","retry-after","x-accel-buffering"]; const isKept=(name)=>kept.some((k)=>(k.endsWith("*")?name.startsWith(k.slice(0,-1)):k===name));
const resp=()=>new Response("x",{headers:{"content-type":"application/json","content-length":"70"}});
const V={
 nothing(){}, 
 req_pairs(){new Request(url,{method:"POST",headers:pairs,body,redirect:"manual"})}, req_rec(){new Request(url,{method:"POST",headers:rec,body,redirect:"manual"})}, req_none(){new Request(url,{method:"POST",body,redirect:"manual"})},
 req_hset(){const h=new Headers();for(const [k,v] of pairs)h.set(k,v);new Request(url,{method:"POST",headers:h,body,redirect:"manual"})},
 req_signal(r){new Request(url,{method:"POST",headers:rec,body,redirect:"manual",signal:r.signal})},
 fromEntries(){Object.fromEntries(pairs)},
 resp_only(){resp()},
 resp_old(){const response=resp();const headers=new Headers([...response.headers].filter(([name])=>isKept(name)));headers.set("x-content-type-options","nosniff");new Response(response.body,{status:response.status,headers})},
 resp_rec(){const response=resp();const headers={};for(const [n,v] of response.headers)if(isKept(n))headers[n]=v;headers["x-content-type-options"]="nosniff";new Response(response.body,{status:response.status,headers})},
 resp_copy(){const response=resp();const a=new Response(response.body,response);for(const n of [...a.headers.keys()])if(!isKept(n))a.headers.delete(n);a.headers.set("x-content-type-options","nosniff");},
 resp_copy2(){const response=resp();const a=new Response(response.body,response);const h=a.headers;for(const n of h.keys())if(!isKept(n))h.delete(n);h.set("x-content-type-options","nosniff");},
 resp_plain(){const response=resp();new Response(response.body,response)},
 hdr_iter(r){for(const [n,v] of r.headers);}, hdr_spread(r){[...r.headers]}, hdr_foreach(r){r.headers.forEach((v,n)=>{})}, hdr_fe(r){Object.fromEntries(r.headers)}, hdr_get(r){r.headers.get("content-length")},
 rand(){crypto.getRandomValues(new Uint8Array(32))}, url(r){r.url}, method(r){r.method}, signal(r){r.signal}, now(){Date.now()}, headers(r){r.headers},
 u8_2048(){new Uint8Array(2048)}, u8_8192(){new Uint8Array(8192)}, u8_64(){new Uint8Array(64)}, u8_256(){new Uint8Array(256)}, sub(){body.subarray(1,5)}, slice(){body.slice()},
 log(){console.log('{"audit":"call","outcome":"forwarded","user":"u_fNlg_im2aMenDiEVksroPmXUK0A","client":"Bench","door":"oauth","server":"todo","grant":"ChKB7P3FsPj_","method":"tools/call","tool":"list_todos","time":1795266911}')},
 waitUntil(r,e,c){c.waitUntil(undefined)}, waitUntilP(r,e,c){c.waitUntil(Promise.resolve())},
};
export default { async fetch(r,e,c){ const u=new URL(r.url); const f=V[u.searchParams.get("v")]; if(!f)return new Response(Object.keys(V).join()); const n=+u.searchParams.get("n"); for(let i=0;i<n;i++)f(r,e,c); return new Response("ok"); } };
