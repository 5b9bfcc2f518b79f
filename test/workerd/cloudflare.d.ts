/** What the tests use of the modules that the Workers runtime brings. */
declare module 'cloudflare:workers' {
  export const env: { ASSETS: { fetch(input: Request | URL | string): Promise<Response> } }
  export const exports: { default: { fetch(input: Request | URL | string, init?: RequestInit): Promise<Response> } }
}
