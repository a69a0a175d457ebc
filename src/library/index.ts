/**
 * The engine by itself, for other control planes: a resource cache and an ADS server over it; no dialect, no
 * source.
 */
export { createAdsServer } from './ads-server.ts'
export type { AdsServer, AdsServerOptions, AdsEvent, ClientNode } from './ads-server.ts'
export type { HostedService } from '../server/hosted-service.ts'
export { createResourceCache } from './resource-cache.ts'
export type { ResourceCache, ResourceCacheOptions } from './resource-cache.ts'
export type { ResourceInput } from './resource-input.ts'
export { any } from '../xds/proto.ts'
export type { AnyJson, EncodedAny, Message, MessageInput, MessageName } from '../xds/proto.ts'
export type { TypeName } from '../xds/resource-types.ts'
