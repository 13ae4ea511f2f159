/**
 * `node:http` without an `import`, which reads every member of the module. Some members load undici, HTTP/2 and web streams:
 * 13 MiB in each process.
 */
export const http = process.getBuiltinModule('node:http')
