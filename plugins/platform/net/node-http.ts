/**
 * `node:http` without `import`. An `import` reads every member of the module, and some of them load undici,
 * HTTP/2 and web streams: 13 MiB per process.
 */
export const http = process.getBuiltinModule('node:http')
