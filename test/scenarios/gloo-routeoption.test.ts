import { fileGround } from './file-ground.ts'
import { glooRouteOption } from './gloo-routeoption.ts'

glooRouteOption(fileGround)
