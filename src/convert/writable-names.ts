/** Names of the dialects that `convert` writes, known before any dialect is loaded. */
export const writableNames = ['istio', 'gateway-api'] as const

export type WritableName = (typeof writableNames)[number]
