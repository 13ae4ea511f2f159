import { defineProblem } from '#platform/problem/problem.ts'

const refused = defineProblem('EXPORT_REFUSED', 403, 'Only the user itself or an administrator may export it')

export const exportRefused = () => refused('Use a key of the user, or one of an administrator')
