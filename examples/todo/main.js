/**
 * Starts Todo on the ports that latchkey.json names. Settings come from the
 * environment; README.md lists them.
 */
import { startTodo } from "./product.js";

const { env } = process;

try {
  if (!env.TODO_CLIENT_SECRET) {
    throw new Error("TODO_CLIENT_SECRET is not set. Give Todo and Latchkey the same value: it is Latchkey's client secret.");
  }

  const todo = await startTodo({
    providerPort: Number(env.TODO_PROVIDER_PORT ?? 9400),
    runtimePort: Number(env.TODO_RUNTIME_PORT ?? 9401),
    clientSecret: env.TODO_CLIENT_SECRET,
    redirectUris: env.TODO_REDIRECT_URIS?.split(" "),
    dataFile: env.TODO_DATA_FILE,
    accessTokenSeconds: Number(env.TODO_ACCESS_TOKEN_SECONDS ?? 300),
  });
  console.log(`identity provider  ${todo.provider.issuer}`);
  console.log(`API                ${todo.runtime.apiUrl}`);
  console.log(`MCP server         ${todo.runtime.url}`);
  console.log("Todo is ready. Sign in as alice, bob or carol, with any password.");

  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => todo.close());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
