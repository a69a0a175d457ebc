import type { Expectation } from '../../../src/demo/expectation.ts'

/** Requests of one sidecar's workload, and what came of them. */
export interface SidecarFigures {
  readonly mode: string
  readonly sent: number
  /** 200, from the primary's backend. */
  readonly answered: number
  /** The first failure in words; '' if all went well. */
  readonly failure: string
  readonly copies: number
  /** Copies without the Host that a copy has to have. */
  readonly wrongHosts: number
}

export interface InterceptionFigures {
  readonly sidecars: readonly SidecarFigures[]
  readonly expectations: readonly Expectation[]
}

/** The instructions for the program outside of the workload's network namespace. */
export interface WorldOptions {
  readonly binary: string
  readonly requests: number
}

export interface Target {
  readonly address: string
  readonly port: number
  readonly host: string
}

/** `failure` is '' where every answer was a 200 from `backend`. */
export interface Burst {
  readonly answered: number
  readonly failure: string
}

/** The calls that the workload in the namespace makes on request. */
export interface WorkloadCalls {
  /** Sets up addresses and rules, starts the proxy, and waits until it is ready. */
  readonly start: (options: { readonly binary: string; readonly xds: string }) => Promise<string>
  readonly burst: (
    options: Target & { readonly backend: string; readonly requests: number },
  ) => Promise<Burst>
  /** `<status> <backend>`, or the error. */
  readonly get: (target: Target) => Promise<string>
  /** The first line that a TCP server sends; `says` is sent to it before that, unless it is ''. */
  readonly line: (options: {
    readonly address: string
    readonly port: number
    readonly says: string
  }) => Promise<string>
  /** A counter or gauge of the proxy; 0 if it has none. */
  readonly stat: (name: string) => Promise<number>
  readonly close: () => Promise<string>
}

export interface Call {
  readonly id: number
  readonly name: keyof WorkloadCalls
  readonly argument: unknown
}

export interface Return {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}
