import { dirname, join } from 'node:path'
import { MeepoError, type Store } from '@meepo/core'
import type { Archive } from '@meepo/core/archive'

/**
 * Opens an archive by its place: a folder, or `s3://BUCKET/PREFIX`, for which region, credentials and another address than
 * that of AWS come from the environment (`AWS_REGION`, `AWS_ENDPOINT_URL_S3`, …).
 */
export async function openArchive(place: string): Promise<Archive> {
  if (!place.startsWith('s3:')) return (await import('@meepo/archive-files')).openFileArchive({ path: place })
  const { openS3Archive } = await importS3()
  const url = URL.parse(place)
  if (!url || url.hostname === '') throw new MeepoError('config.invalid', 'an archive in S3 is s3://BUCKET/PREFIX')
  const prefix = decodeURIComponent(url.pathname).replace(/^\/|\/$/g, '')
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL
  return openS3Archive({ bucket: url.hostname, prefix, ...(endpoint === undefined ? {} : { endpoint }) })
}

/** An optional peer: who keeps archives in folders does not install it. */
async function importS3() {
  try {
    return await import('@meepo/archive-s3')
  } catch (cause) {
    throw new MeepoError('config.invalid', 'an archive in S3 needs `npm install @meepo/archive-s3`', { cause })
  }
}

/** Opened when it is first used, and closed if it was: one that was given is its owner's. */
export function lateArchive(given: string | Archive): {
  readonly archive: () => Promise<Archive>
  readonly closeArchive: () => Promise<void>
} {
  let opening: Promise<Archive> | undefined
  const open = async (place: string): Promise<Archive> => {
    try {
      return await openArchive(place)
    } catch (thrown) {
      opening = undefined
      throw thrown
    }
  }
  return {
    archive: () => (opening ??= typeof given === 'string' ? open(given) : Promise.resolve(given)),
    closeArchive: async () => {
      if (typeof given === 'string') await (await opening)?.close()
    },
  }
}

/** The folder of a database file holds its archive too. */
export function archiveBeside(store: string | Store): string {
  const isFile = typeof store === 'string' && store !== 'memory' && !/^postgres(ql)?:/.test(store)
  return isFile ? join(dirname(store), 'archive') : '.meepo/archive'
}
