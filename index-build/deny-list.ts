/** Words that no bank of this project may hold. Only their SHA-256 is kept here, so that nobody has to read them. */
import { createHash } from 'node:crypto'

const DENIED: ReadonlySet<string> = new Set([
  '08a841e996781e9e77d30a4e4420a8f501a280b00624e6d1224bf54aaff73eba',
  '0dcc4d3364433181d36240001a590f771102cc16a3bcc8ced32a9671057f9253',
  '120f6e5b4ea32f65bda68452fcfaaef06b0136e1d0e4a6f60bc3771fa0936dd6',
  '158869a97379229b7681efae9d7f9c9214134e836d649ba53477c0c111414d59',
  '16ea09fc78ca83ca502cbcf2377acdf280bf18f61e259153f0868405eedab5ef',
  '17bde8b4064612e266eaa1b5b1dfa054d1e6dd263f66b392159006d2c9a8ae8a',
  '22fc75e65a0e9d34324092a7c6a8dba961853294abca4e5914e60c550f48e0c2',
  '27eb0c4ad7072067f21558908a1d4fd42f43f2c812afb17eee1e9262dd7c80f6',
  '3011afcf6014f73e6395b88a525a223920bd3dfbc9796a313f0a97b7a008b387',
  '3b1e0d7c5dd45583867e897943e37a940a7e7321022317dd3deea01963ee365e',
  '3cc0a581d3bbe605317791e06aa1b4f3348b4e00c4c106c9e6b8210e6933b66c',
  '566f532d486c947709d3d0e6b7575af8380248db66dada211d58eb00ad585297',
  '59cc3cb8a42973019cddacdee59e0aa7746ba6c203af78cefb453cb3a1b6610d',
  '6d1833779e389477ac6757e19c371df8e141bd67bc83e4b596dfc8a1947db29d',
  '75e710515082bdaf841f8d4c58790bf54769412dbfff6ade732cf57ad6522534',
  '833f66765a3fae5246f5aad0ddb9a3342441d6f0b3881ec565dad0bac22a3615',
  '869cc28dd25de48206a5ab275b14aef421691897269bd82483c1671ba5644d29',
  '8f5083e3e5c7dc8932f2bf58212f963f3a44752618c96297f82623f736c52738',
  '98b52c4b6b7d1f48e7477a5ccc10955dd195d0ac5a38c8281bfeb08762634909',
  '9ae315a94e428a7ee3b5e48adae6541965d93b86acf10ffa1c45b93b6fe577b4',
  'a8a08abb33cfb8335f64e3ffb961d76a88a023cb440ed4acdc700bf7bfcae7bd',
  'ad6cacf3af98d07bf48067161281731a33ccc512212cf1ebc3490214efbd98be',
  'b3cec2f6ece2cef2abef927e6a7093e2e37675438ebf6c6f5da0a03c359e8fc3',
  'bd95878ca0f8076bd7246d053bcedc0940deb7fb62325921807d7d8cb1e5fefe',
  'be00f1af522eaa99d3dc57b0e27162a5e8963e0e0e8b6cc5734f53d8e64ba2dc',
  'c2c3b68b48832afd9a4dbdd474c1b6c81c8baecdb71446f9947dac72dd0fe93d',
  'c3de533e9b7fe63b79f648687a30d2861edd92fe7c3cd1f2c485e0a605367624',
  'cc02032349c833ac5e97bac094560ed40e09acf34cb1978ab7a9840b9bf15b4d',
  'ee5a869b5ace6905c18930b814171beef8a7968dbc619a692d966c69464a0971',
  'eef3bd091670c3447022d619c06ad15de96da72b5a66f28bb8b75d1b1c12a05f',
  'f9d0d9b18ae9033a5ea36df19bf279b059e887a9ae785db81117bceaecc95933',
  'fc0ed91efbc80133771bfb763eb424e198805f7a457bc6e1c05661b030dfe1ea',
])

const digest = (word: string): string => createHash('sha256').update(word).digest('hex')

/** @returns whether a word of `term`, in the singular or the plural, is on the list */
export function isDenied(term: string): boolean {
  const words = term.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.some((word) => DENIED.has(digest(word)) || (word.endsWith('s') && DENIED.has(digest(word.slice(0, -1)))))
}
