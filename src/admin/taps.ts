import { randomBytes } from 'node:crypto'
import { errorText } from '../errors.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import { createRecorder } from '../record/recorder.ts'
import type { Recorder, RecorderCounts } from '../record/recorder.ts'
import type { RecordedRequest } from '../record/recorded-request.ts'
import type { OverlaySource } from '../sources/overlay-source.ts'
import type { Message } from '../xds/proto.ts'
import { ApiError } from './api-error.ts'
import { targetOf } from './tap-target.ts'
import { millionthsOfPercentage } from '../model/fraction.ts'

export type TapStanding = Message<'shadowplane.admin.v1.TapStanding'>

/** Where recorders listen, and where proxies find them. */
export interface RecorderAddress {
  readonly host: string
  /** The first free one of these; 0 is any. */
  readonly ports: readonly number[]
  /** A name or address that proxies can reach. */
  readonly advertised: string
}

/** The control plane, as far as taps need it. */
export interface TapGround {
  readonly overlay: Pick<OverlaySource, 'set' | 'delete'>
  readonly objects: () => Iterable<ObjectId>
  /** Counts whatever may have changed a standing. */
  readonly revision: () => number
  readonly standing: (tap: ObjectId) => TapStanding
  readonly recorder: RecorderAddress
}

/** A message to the watcher of a tap, with the counts at that moment. */
export type TapEvent = { readonly counts: RecorderCounts } & (
  { readonly standing: TapStanding } | { readonly request: RecordedRequest } | { readonly ended: string }
)

type Tap = Message<'shadowplane.admin.v1.Tap'>

/**
 * The taps that are open. Each is a recorder, and an object of the overlay that mirrors to it; both go with
 * the tap.
 */
export interface Taps {
  create(request: Message<'shadowplane.admin.v1.CreateTapRequest'>): Promise<Tap>
  list(): readonly Tap[]
  renew(id: string): Tap
  /**
   * The copies that arrive from now on. The tap ends with the stream, or when `gone` is aborted.
   */
  watch(id: string, gone: AbortSignal): AsyncGenerator<TapEvent>
  delete(id: string): Tap
  close(): Promise<void>
}

interface OpenTap {
  readonly id: string
  readonly object: ObjectId
  readonly recorder: Recorder
  readonly shown: Omit<Tap, 'expires'>
  readonly settings: TapSettings
  expires: number
  lease: NodeJS.Timeout
  isWatched: boolean
  ended: string | undefined
}

const mostTaps = 8
/** Milliseconds between looks at the standing of a tap. */
const lookEvery = 200

export function createTaps(ground: TapGround): Taps {
  const open = new Map<string, OpenTap>()
  const closing = new Set<Promise<void>>()
  /** Each takes a place before its recorder listens. */
  let reserved = 0

  function end(tap: OpenTap, reason: string): void {
    if (!open.delete(tap.id)) return
    tap.ended = reason
    clearTimeout(tap.lease)
    ground.overlay.delete(tap.object)
    const closed: Promise<void> = tap.recorder.close().finally(() => closing.delete(closed))
    closing.add(closed)
  }

  function startLease(
    tap: Pick<OpenTap, 'settings'>,
    expired: () => void,
  ): Pick<OpenTap, 'expires' | 'lease'> {
    const length = tap.settings.leaseSeconds * 1000
    return { expires: Date.now() + length, lease: setTimeout(expired, length).unref() }
  }

  function find(id: string): OpenTap {
    const tap = open.get(id)
    if (tap === undefined)
      throw new ApiError('NOT_FOUND', `there is no tap ${JSON.stringify(id)}: it has ended, or never was`)
    return tap
  }

  return {
    async create(request) {
      const settings = settingsOf(request)
      const target = targetOf(request, ground.objects)
      if (open.size + reserved >= mostTaps)
        throw new ApiError('RESOURCE_EXHAUSTED', `${mostTaps} taps are open, which is the limit`)
      reserved += 1
      try {
        const recorder = createRecorder({ bodyLimit: settings.bodyLimit })
        const port = await listen(recorder, ground.recorder)
        const id = randomBytes(4).toString('hex')
        const object = ground.overlay.set({
          apiVersion: 'shadowplane.io/v1alpha1',
          kind: 'Tap',
          metadata: { name: `tap-${id}`, namespace: 'default' },
          spec: {
            ...target.spec,
            percentage: settings.percent,
            recorder: { address: ground.recorder.advertised, port },
          },
        })
        const shown = {
          id,
          target: target.text,
          ...settings,
          recorder: `${bracketed(ground.recorder.advertised)}:${port}`,
        }
        const tap: OpenTap = {
          id,
          object,
          recorder,
          shown,
          settings,
          isWatched: false,
          ended: undefined,
          ...startLease({ settings }, () => {
            end(tap, 'its lease was not renewed')
          }),
        }
        open.set(id, tap)
        return describe(tap)
      } finally {
        reserved -= 1
      }
    },
    list: () => [...open.values()].map(describe),
    renew(id) {
      const tap = find(id)
      clearTimeout(tap.lease)
      Object.assign(
        tap,
        startLease(tap, () => {
          end(tap, 'its lease was not renewed')
        }),
      )
      return describe(tap)
    },
    async *watch(id, gone) {
      const tap = find(id)
      if (tap.isWatched)
        throw new ApiError('FAILED_PRECONDITION', `tap ${id} is watched already: a tap has one watcher`)
      tap.isWatched = true
      const leave = (): void => {
        end(tap, 'its watcher has gone')
      }
      if (gone.aborted) leave()
      gone.addEventListener('abort', leave)
      try {
        yield* events(tap, ground)
      } finally {
        gone.removeEventListener('abort', leave)
        leave()
      }
    },
    delete(id) {
      const tap = find(id)
      end(tap, 'a client ended it')
      return describe(tap)
    },
    async close() {
      for (const tap of [...open.values()]) end(tap, 'the control plane is shutting down')
      await Promise.all(closing)
    },
  }
}

function describe({ shown, expires }: OpenTap): Tap {
  return { ...shown, expires: new Date(expires).toISOString() }
}

async function* events(tap: OpenTap, { revision, standing }: TapGround): AsyncGenerator<TapEvent> {
  const { recorder, object } = tap
  const counts = (): RecorderCounts => recorder.counts()
  let seen = -1
  let told = ''
  let next = recorder.next()
  let look = tick()
  for (;;) {
    if (seen !== revision() && tap.ended === undefined) {
      seen = revision()
      const now = standing(object)
      const text = JSON.stringify(now)
      if (text !== told) yield { counts: counts(), standing: now }
      told = text
    }
    const first = await Promise.race([next, look])
    if (first === 'look') {
      look = tick()
      continue
    }
    if (first === undefined) return yield { counts: counts(), ended: tap.ended ?? 'the recorder has ended' }
    yield { counts: counts(), request: first }
    next = recorder.next()
  }
}

function tick(): Promise<'look'> {
  return new Promise((resolve) => {
    setTimeout(resolve, lookEvery, 'look').unref()
  })
}

async function listen(recorder: Recorder, { host, ports, advertised }: RecorderAddress): Promise<number> {
  if (/^(0\.0\.0\.0|::|)$/.test(advertised)) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      'proxies do not know where the recorder is: start "shadowplane serve" with --tap-address, the name ' +
        'or address by which they reach this machine',
    )
  }
  let problem = ''
  for (const port of ports) {
    try {
      return await recorder.listen({ host, port })
    } catch (error) {
      problem = errorText(error)
    }
  }
  throw new ApiError('FAILED_PRECONDITION', `the recorder cannot listen on ${host}: ${problem}`)
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** The choices of a caller for a tap, with the defaults applied. */
interface TapSettings {
  readonly percent: number
  /** Bytes of each body. */
  readonly bodyLimit: number
  readonly leaseSeconds: number
}

const defaultBodyLimit = 1024 * 1024
const largestBodyLimit = 16 * 1024 * 1024
const leases = { usual: 30, shortest: 1, longest: 300 }

/** Throws ApiError for what is out of range. */
function settingsOf({
  percent = 100,
  bodyLimit = 0,
  leaseSeconds = 0,
}: Message<'shadowplane.admin.v1.CreateTapRequest'>): TapSettings {
  const share = millionthsOfPercentage(String(percent))
  if (share === undefined || share.millionths === 0)
    throw new ApiError('INVALID_ARGUMENT', `percent ${percent}: write a percentage from 0.0001 to 100`)
  if (bodyLimit > largestBodyLimit)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `bodyLimit ${bodyLimit}: at most ${largestBodyLimit} bytes of a body are kept`,
    )
  const lease = leaseSeconds === 0 ? leases.usual : leaseSeconds
  if (lease < leases.shortest || lease > leases.longest)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `leaseSeconds ${leaseSeconds}: write ${leases.shortest} to ${leases.longest}`,
    )
  return { percent, bodyLimit: bodyLimit === 0 ? defaultBodyLimit : bodyLimit, leaseSeconds: lease }
}
