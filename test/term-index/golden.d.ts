declare module '*.tlx?url&inline' {
  /** A data URL. */
  const url: string
  export default url
}
