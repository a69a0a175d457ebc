import { status } from '@grpc/grpc-js'

/** Why a call of the admin API fails, by the names of gRPC's status codes. */
export type ApiCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'DEADLINE_EXCEEDED'
  | 'INTERNAL'

/** A failure of the caller's request; the message says what to do instead. */
export class ApiError extends Error {
  readonly code: ApiCode

  constructor(code: ApiCode, message: string) {
    super(message)
    this.code = code
  }
}

/** The ApiError for anything thrown; anything else is a bug of ours. */
export function apiError(thrown: unknown): ApiError {
  return thrown instanceof ApiError
    ? thrown
    : new ApiError('INTERNAL', `this is a bug of shadowplane: ${String(thrown)}`)
}

export function grpcStatus({ code }: ApiError): status {
  return status[code]
}

const httpStatuses: Readonly<Record<ApiCode, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  FAILED_PRECONDITION: 409,
  RESOURCE_EXHAUSTED: 429,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  DEADLINE_EXCEEDED: 504,
  INTERNAL: 500,
}

export function httpStatus({ code }: ApiError): number {
  return httpStatuses[code]
}
