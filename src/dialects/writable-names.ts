/**
 * Names of the dialects that `convert` writes: those of `writableDialects`, known before any dialect is
 * loaded.
 */
export const writableNames = ['istio', 'gateway-api'] as const
