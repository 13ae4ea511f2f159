import t from 'tap'
import { completeAddress, isAddress } from './address.ts'

t.test('an address without a scheme gets https, and others stay as they are', async (t) => {
  const cases: Record<string, string> = {
    'example.com': 'https://example.com',
    'example.com:8443/x?y#z': 'https://example.com:8443/x?y#z',
    'localhost:3000': 'https://localhost:3000',
    'https://example.com': 'https://example.com',
    'mailto:a@example.com': 'mailto:a@example.com',
    'tel:123': 'tel:123',
    nowhere: 'nowhere',
    'two words.com': 'two words.com',
    '': ''
  }
  t.same(Object.fromEntries(Object.keys(cases).map((typed) => [typed, completeAddress(typed)])), cases)
})

t.test('an address is an absolute URL of any scheme', async (t) => {
  const all = ['https://example.com', 'mailto:a@example.com', 'nowhere', '/path', 'https://', '']
  t.same(all.filter(isAddress), ['https://example.com', 'mailto:a@example.com'])
})
