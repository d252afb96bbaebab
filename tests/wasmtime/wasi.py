"""
Runs a C test that was built for WASI. It can write here what it has to say, and read what is
below the current folder and $VECTORS.

    python wasi.py PROGRAM
"""

import os
import sys

import wasmtime

program = sys.argv[1]
engine = wasmtime.Engine()
linker = wasmtime.Linker(engine)
linker.define_wasi()

wasi = wasmtime.WasiConfig()
wasi.argv = [program]
wasi.inherit_stdout()
wasi.inherit_stderr()
wasi.preopen_dir(".", ".", fs_mutable=False)
if os.path.isdir(os.environ.get("VECTORS", "")):
    wasi.preopen_dir(os.environ["VECTORS"], "/vectors", fs_mutable=False)
    wasi.env = [("VECTORS", "/vectors")]
wasi.preopen_dir("tests/fuzz/corpus", "tests/fuzz/corpus", fs_mutable=False)
store = wasmtime.Store(engine)
store.set_wasi(wasi)

try:
    instance = linker.instantiate(store, wasmtime.Module.from_file(engine, program))
    instance.exports(store)["_start"](store)
except wasmtime.ExitTrap as end:
    sys.exit(end.code)
except wasmtime.Trap as trap:
    sys.exit(f"{program}: {trap}")
