/** /docs: every error with what to do about it. Problems point here with their `type`; programs read /openapi.json. */
import { errorTable } from '../errors.ts'

const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const rows = Object.entries(errorTable)
  .map(
    ([code, [status, hint]]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(hint)}</td></tr>`,
  )
  .join('\n')

export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Termlens: the API and its errors</title>
<link rel="icon" href="/site/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/site/style.css">
</head>
<body>
<header><img src="/site/icon.svg" alt="" width="36" height="36"><div><h1>Termlens API</h1><p>POST an image to <code>/v1/interrogate</code>; all routes and options: <a href="/openapi.json">/openapi.json</a>. <a href="/">The page</a></p></div></header>
<section>
<table>
<thead><tr><th>error</th><th>status</th><th>what to do</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
</section>
</body>
</html>
`
