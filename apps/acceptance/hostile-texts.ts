/**
 * Texts that have broken programs, by their target. The fuzz draws from this corpus (arbitraries.ts), and
 * hostile-input.test.ts sends it in every place. Only those under `length` are too long for a part of a path.
 */
export const HOSTILE_TEXTS: Record<string, readonly string[]> = {
  emptiness: ['', ' ', '\t', '\r\n', 'null', 'undefined', 'None', 'nil', 'true', '[]', '{}'],
  numbers: [
    '0',
    '-1',
    '1e999',
    '1e-999',
    '9007199254740993',
    '9223372036854775808',
    '99999999999999999999999999',
    '0x10',
    '0o7',
    '1_000',
    '١٢٣',
    'NaN',
    'Infinity',
    '1.0',
    '01'
  ],
  sql: [
    "' OR 1=1 --",
    "'; DROP TABLE users; --",
    '1; SELECT pg_sleep(9)--',
    '1 UNION SELECT key_hash FROM api_keys--',
    "\\'; --",
    '$1',
    '%_%',
    '$$;x$$',
    "E'\\x00'"
  ],
  markup: [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)//'",
    '<svg/onload=alert(1)>',
    ']]>&lt;!--',
    '&#x3C;script&#x3E;'
  ],
  templates: [
    '{{7*7}}',
    // `\x24` is the dollar sign of a template.
    '\x24{7*7}',
    '#{7*7}',
    '<%= 7*7 %>',
    '\x24{jndi:ldap://127.0.0.1/a}',
    '%s%n%x',
    '{0}',
    '@(7*7)'
  ],
  spreadsheets: ['=1+1', '+1', '-1+1', '@SUM(1)', '\t=1', '=HYPERLINK("https://evil.example","x")'],
  shells: ['$(id)', '`id`', '| id', '; id', '&& id', '() { :; }; id', '--help', '-rf'],
  paths: [
    '../../etc/passwd',
    '..\\..\\windows\\win.ini',
    '..%2f..%2fetc%2fpasswd',
    '..%252f..%252fetc%252fpasswd',
    '%2e%2e/%2e%2e/',
    '....//....//etc/passwd',
    '/etc/passwd',
    'C:\\nul',
    'file:///etc/passwd',
    'con',
    '.',
    '..',
    '//evil.example'
  ],
  prototypes: [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '__proto__[admin]',
    'constructor.prototype'
  ],
  headers: [
    '\r\nSet-Cookie: a=b',
    'x\r\nLocation: https://evil.example',
    '%0d%0aSet-Cookie:%20a=b',
    'x\n\n<script>alert(1)</script>',
    '嘊嘍Set-Cookie: a=b',
    'x\u2028y'
  ],
  escapes: ['%', '%00', '%zz', '%ff', '%c0%ae%c0%ae', '%e0%80%af', '%u0041', '%25', '\\u0000', '&amp;', '\\'],
  characters: [
    '\u0000',
    'a\u0000b',
    '\u0001\u0008\u001b[2J',
    '\u007f',
    '\ud800',
    '\udfff\ud800',
    'a\udc00b',
    '\ufeff',
    '\ufffe\uffff',
    '\u202e gnp.exe',
    '\u2066\u2069',
    'a\u200bb\u200d\u2060c',
    '\u0130ı\u00df\ufb01',
    'Ω\u0301\u0301\u0301\u0301',
    'z\u0335\u0361\u034f\u0489'.repeat(20),
    '🏳\ufe0f\u200d🌈',
    '\u{10ffff}'
  ],
  urls: [
    'https://example.com/\u0000',
    'http://[::1',
    'https://example.com:99999/',
    'http:example.com',
    'https://user:pass@example.com/',
    'http://127.0.0.1:6379/',
    'http://169.254.169.254/latest/meta-data/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://[::ffff:127.0.0.1]/',
    'https://xn--a/',
    'https://аррӏе.com/',
    'data:text/html,<script>alert(1)</script>',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'https://example.com/\t\n',
    'HTTPS://EXAMPLE.COM'
  ],
  times: [
    '2025-02-30T99:99:99',
    '+275760-09-13T00:00:01',
    '-000001-01-01',
    '0000-00-00',
    '2025-06-04T00:07:60',
    'now',
    'infinity'
  ],
  addresses: [
    'nobody@',
    '"very.(),:;<>[]".unusual"@example.com',
    'a@b@c',
    'a@[127.0.0.1]',
    "'@example.com",
    '203.0.113.7'
  ],
  patterns: [
    '(a+)+$',
    `${'a'.repeat(200)}!`,
    '.*'.repeat(50),
    `${'a.'.repeat(120)}@`,
    '[[[[[',
    '?'.repeat(30)
  ],
  length: ['🎉'.repeat(300), 'é'.repeat(5_000), 'x'.repeat(70_000), '/'.repeat(3_000), '%20'.repeat(1_500)]
}

export const ALL_HOSTILE_TEXTS: readonly string[] = Object.values(HOSTILE_TEXTS).flat()

/** Bodies that are invalid or unexpected JSON, as bytes. */
export const HOSTILE_BODIES: readonly (string | Buffer)[] = [
  '',
  ' ',
  '\ufeff{}',
  'NaN',
  '[1,]',
  "{'a':1}",
  '"\\ud800"',
  '{"a":1,"a":2}',
  '{"a":1}{"b":2}',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"id":1,"user_id":{"$ne":null}}',
  '{"user_id":1e400}',
  '{"user_id":-0}',
  '{"user_id":9007199254740993}',
  `{"user_id":${'9'.repeat(5_000)}}`,
  '['.repeat(50_000),
  '{"a":'.repeat(50_000),
  `${'['.repeat(60)}${']'.repeat(60)}`,
  `{"${'k'.repeat(60_000)}":1}`,
  `{${Array.from({ length: 5_000 }, (_, at) => `"k${at}":${at}`).join()}}`,
  // Overlong and broken UTF-8 (RFC 3629, section 10), UTF-16, gzip, a zip bomb's head.
  Buffer.from('7b2261223a22c0af227d', 'hex'),
  Buffer.from('7b2261223a22e080af227d', 'hex'),
  Buffer.from('7b2261223a22f8888080af227d', 'hex'),
  Buffer.from('7b2261223a22eda080227d', 'hex'),
  Buffer.from('{"a":1}', 'utf16le'),
  Buffer.from('1f8b0800000000000003', 'hex'),
  Buffer.from('504b0304', 'hex')
]
