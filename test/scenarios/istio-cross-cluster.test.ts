import { fileGround } from './file-ground.ts'
import { istioCrossCluster } from './istio-cross-cluster.ts'

istioCrossCluster(fileGround)
