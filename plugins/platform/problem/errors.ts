import { defineProblems } from './problem.ts'

/** Problems of requests in general, which any capability may throw. */
export const problems = defineProblems({
  REQUEST_MALFORMED: [
    400,
    'The request is malformed',
    'Send valid HTTP/1.1 with a percent-encoded UTF-8 address. The status is 408, 414 or 431 where the request is too slow, its path too long or its head too large'
  ],
  HOST_UNUSABLE: [
    400,
    'The Host header is missing or not usable',
    'Send one Host header with the name of the server'
  ],
  BODY_MALFORMED: [
    400,
    'The body is malformed',
    'Send the kind of JSON that the operation takes, in UTF-8, or a complete form'
  ],
  NOT_FOUND: [404, 'Not found', 'Check the path against the operations at /docs'],
  METHOD_NOT_ALLOWED: [405, 'The method is not allowed here', 'Use a method that the Allow header names'],
  PRECONDITION_FAILED: [
    412,
    'The record was changed by another request',
    'Read the record again and repeat the change with its new ETag, which this answer has too'
  ],
  BODY_TOO_LARGE: [413, 'The body is too large', 'Send less at a time, or have the limit raised'],
  CONTENT_TYPE_UNSUPPORTED: [
    415,
    'The content type is not supported',
    'Send application/json, or for an import also text/csv or multipart/form-data'
  ],
  CONTENT_ENCODING_UNSUPPORTED: [
    415,
    'The content encoding is not supported',
    'Send the body uncompressed, without Content-Encoding'
  ],
  CHARSET_UNSUPPORTED: [415, 'The charset is not supported', 'Send the body in UTF-8'],
  INPUT_INVALID: [
    422,
    'The input is not valid',
    'Correct the fields and parameters that `errors` names, each with its reason'
  ],
  INTERNAL: [
    500,
    'Something went wrong on our side',
    'Report it with the request id, under which the server has logged the cause'
  ]
})
