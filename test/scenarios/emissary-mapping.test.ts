import { fileGround } from './file-ground.ts'
import { emissaryMapping } from './emissary-mapping.ts'

emissaryMapping(fileGround)
