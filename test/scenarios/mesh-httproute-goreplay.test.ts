import { fileGround } from './file-ground.ts'
import { meshHttpRoute } from './mesh-httproute-goreplay.ts'

meshHttpRoute(fileGround)
