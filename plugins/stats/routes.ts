import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IdParams } from '#schema/shapes/id-params.ts'
import { OverallStats, StatsQuery, UrlStats } from '#schema/shapes/stats.ts'

const ABOUT_BUCKETS =
  'The range is widened to whole buckets; those without clicks are there, as zeros. Clicks are counted by UTC hour: ' +
  'in a zone that is off by half an hour, an hour belongs to the day in which it begins. Visitors are counted per ' +
  'UTC day: hours have none, and in other zones a UTC day belongs to the bucket that holds its noon.'

/** `/stats` and `/urls/:id/stats`: thin handlers over `app.stats`. */
export const statsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['stats']

  app.get(
    '/urls/:id/stats',
    {
      config: { access: 'stats:read', readsClicks: true },
      schema: {
        tags,
        operationId: 'getUrlStats',
        summary: 'How often a link was followed',
        description: ABOUT_BUCKETS,
        params: IdParams,
        querystring: StatsQuery,
        response: { 200: UrlStats },
        problems: ['URL_UNKNOWN', 'LOOKUP_UNAVAILABLE']
      }
    },
    async function onUrlStats(request) {
      return app.stats.forUrl(request.caller, request.params.id, request.query, request.freshMark)
    }
  )

  app.get(
    '/stats',
    {
      config: { access: 'stats:read', readsClicks: true },
      schema: {
        tags,
        operationId: 'getStats',
        summary: 'How often all links were followed, and the most followed ones',
        description: ABOUT_BUCKETS,
        querystring: StatsQuery,
        response: { 200: OverallStats }
      }
    },
    async function onStats(request) {
      return app.stats.overall(request.caller, request.query, request.freshMark)
    }
  )
}
