/** Processes of workerd, each with one Worker in it, and what they cost. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import workerd from "workerd";
import { freePort } from "../http/support/gateway.js";

export const ROOT = resolve(import.meta.dirname, "../..");
const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux
const READY_MS = 30_000;

const quote = JSON.stringify; // good for texts of capnp too

/**
 * @typedef {object} Worker
 * @property {Record<string, string>} modules name -> file, the main module first
 * @property {Record<string, string>} [texts] bindings
 * @property {string} [ledger] name of a Durable Object's class, bound as `binding`
 */

const KIND = { js: "esModule", wasm: "wasm", json: "text" };
const moduleText = ([name, file]) => `(name = ${quote(name)}, ${KIND[file.split(".").at(-1)]} = embed ${quote(file)})`;

export {};
