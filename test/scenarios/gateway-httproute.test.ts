import { fileGround } from './file-ground.ts'
import { gatewayHttpRoute } from './gateway-httproute.ts'

gatewayHttpRoute(fileGround)
