import { problems as general } from '#platform/problem/errors.ts'
import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  TAG_UNKNOWN: [404, 'No such tag', 'List the tags with GET /api/tags'],
  TAG_TAKEN: [409, 'The tag exists', 'Choose another name, or merge the two tags']
})

export const tagUnknown = (name: string, path?: string) =>
  problems.TAG_UNKNOWN(
    `There is no tag ${name}`,
    path === undefined ? {} : { errors: [{ path, message: 'is no tag' }] }
  )

export const tagTaken = (name: string) =>
  problems.TAG_TAKEN(`The tag ${name} exists; choose another name, or merge the two tags`, {
    errors: [{ path: 'name', message: 'is taken' }]
  })

export const mergedIntoItself = () =>
  general.INPUT_INVALID('into must be another tag than the one that is merged', {
    errors: [{ path: 'into', message: 'is the same tag' }]
  })
