import { setImmediate as immediate } from 'node:timers/promises'
import type { Part, PartContext } from './part.ts'

export interface FollowedSecrets extends Part {
  /** Resolves when every Secret that the configuration names has been read, and those that they lead to. */
  read(settled: () => Promise<void>): Promise<void>
}

/**
 * Reads Secrets from the cluster one by one, as the configuration names them. That needs no permission to
 * read any other.
 */
export function followedSecrets({ pipeline, kubernetes }: PartContext): FollowedSecrets {
  /** The Secrets that were requested last, as JSON. */
  let followed = '[]'
  return {
    name: 'followed secrets',
    flushed() {
      if (kubernetes === undefined) return
      const needed = pipeline.secretsNeeded()
      if (JSON.stringify(needed) === followed) return
      followed = JSON.stringify(needed)
      void kubernetes.follow(needed)
    },
    async read(settled) {
      if (kubernetes === undefined) return
      for (let before = ''; before !== followed;) {
        before = followed
        await kubernetes.follow(pipeline.secretsNeeded())
        // The source publishes a Secret in the turn after the read.
        await immediate()
        await immediate()
        await settled()
      }
    },
  }
}
