import { escaped } from './markdown.mjs'

/** What the menu holds: documents by their path in the repository, with the name that the menu gives them. */
export const MENU = [
  [
    'Start',
    [
      ['README.md', 'Oxbow'],
      ['docs/tutorial.md', 'Tutorial'],
      ['docs/choosing.md', 'Which method to use'],
      ['docs/coming-from.md', 'Coming from PyTorch, JAX or diffusers'],
      ['docs/gallery.md', 'Gallery'],
      ['studio/index.html', 'Studio'],
      ['studio/learn.html', 'How flow maps work'],
    ],
  ],
  [
    'Train',
    [
      ['docs/configuration.md', 'Configuration'],
      ['docs/data.md', 'Data'],
      ['docs/recipes.md', 'Recipes'],
      ['docs/images.md', 'Pictures'],
      ['docs/spaces.md', 'Text and curved spaces'],
      ['docs/adapters.md', 'Adapters'],
      ['docs/runs.md', 'Runs'],
      ['docs/sweeps.md', 'Many machines'],
      ['docs/large-training.md', 'One large training run'],
      ['docs/studio.md', 'The studio'],
    ],
  ],
  [
    'Use',
    [
      ['docs/sampling.md', 'Sampling'],
      ['docs/guidance.md', 'Guidance'],
      ['docs/steering.md', 'Steering'],
      ['docs/likelihood.md', 'Likelihood'],
      ['docs/transport.md', 'Transport'],
      ['docs/export.md', 'Export and import'],
    ],
  ],
  [
    'Measure',
    [
      ['docs/metrics.md', 'Metrics'],
      ['docs/reports.md', 'Reports'],
      ['docs/leaderboard.md', 'Leaderboard'],
      ['docs/distributions.md', 'Distributions'],
      ['docs/results.md', 'Results'],
      ['docs/performance.md', 'Performance'],
    ],
  ],
  ['Objectives', []],
  [
    'Reference',
    [
      ['api/index.html', 'API'],
      ['docs/autodiff.md', 'Autodiff'],
      ['docs/privacy.md', 'Privacy'],
      ['docs/crash-consistency.md', 'After a crash'],
      ['docs/fuzzing.md', 'Hostile input'],
      ['CONTRIBUTING.md', 'Contributing'],
      ['SECURITY.md', 'Security'],
      ['CHANGELOG.md', 'Changelog'],
    ],
  ],
]

const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path d='M2 12c0-12 12-12 12 0' fill='none' stroke='%230072b2' stroke-width='3'/></svg>"

/** @param to  an address of the site as seen from the page */
function menu(current, groups, to) {
  const item = ([path, name]) =>
    `<li><a href="${to(path)}"${path === current ? ' aria-current="page"' : ''}>${escaped(name)}</a></li>`
  return groups
    .map(([title, items]) => {
      const isOpen = title === 'Start' || items.some(([path]) => path === current)
      return `<details${isOpen ? ' open' : ''}><summary>${title}</summary><ul>${items.map(item).join('')}</ul></details>`
    })
    .join('\n')
}

export const page = ({ path, title, body, groups, to, root, isLive }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>${escaped(title)}${title === 'Oxbow' ? '' : ' | Oxbow'}</title>
<link rel="icon" href="${ICON}" />
<link rel="stylesheet" href="${root}assets/katex.css" />
<link rel="stylesheet" href="${root}assets/site.css" />
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header><a class="home" href="${root}index.html">Oxbow</a><nav aria-label="Shortcuts"><a href="${to('docs/tutorial.md')}">Tutorial</a><a href="${root}api/index.html">API</a><a href="${root}studio/index.html">Studio</a></nav></header>
<div class="columns">
<nav class="menu" aria-label="Documents">${menu(path, groups, to)}</nav>
<main id="content">${body}</main>
</div>${isLive ? `\n<script type="module" src="${root}assets/cells.js"></script>` : ''}
</body>
</html>
`
