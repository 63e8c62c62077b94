import { palette, stray } from './palette.ts'

const swap = [...palette, stray]
  .map(({ colour, dark }) => `[stroke="${colour}"]{stroke:${dark}}[fill="${colour}"]{fill:${dark}}`)
  .join('')

/** The report's whole style sheet: light and dark, phone to wide screen, and paper. */
export const styleSheet = `
:root{color-scheme:light dark;--page:#fff;--ink:#1b2126;--soft:#55606a;--line:#d5dbe0;--raised:#f4f6f8;--best:#00694c;--link:#0062a0;--warn:#b45309;--off:#c00018}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI","Liberation Sans",sans-serif}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 16px}
header{padding-top:28px}
h1{font-size:clamp(24px,4.5vw,34px);line-height:1.2;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:21px;line-height:1.3;margin:40px 0 10px;padding-top:10px;border-top:1px solid var(--line)}
p{max-width:72ch;margin:0 0 12px}
.reading{font-size:18px}
.soft,figcaption,.legend{color:var(--soft);font-size:14px}
.facts{display:flex;flex-wrap:wrap;gap:4px 22px;margin:0 0 18px;padding:0;list-style:none;color:var(--soft);font-size:14px}
.facts li{overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:0 0 18px}
.scroll:focus-visible{outline:2px solid var(--link)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;min-width:min(100%,560px)}
caption{text-align:left;font-weight:600;padding:8px 0}
th,td{padding:6px 10px;text-align:right;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{padding-left:0}
thead th{font-weight:600;font-size:14px;color:var(--soft);vertical-align:bottom}
th[scope=row]{text-align:left;font-weight:500;overflow-wrap:break-word}
thead th:first-child,.left{text-align:left}
thead button{all:unset;cursor:pointer;padding:4px 0}
thead button:focus-visible{outline:2px solid var(--link)}
th[aria-sort] button::after{content:" ↑";color:var(--ink)}
th[aria-sort=descending] button::after{content:" ↓"}
.best{font-weight:700;color:var(--best)}
.sd{color:var(--soft);font-weight:400;font-size:14px;white-space:nowrap}
.interval{display:block}
.sortable td,.sortable thead th+th{padding-left:24px}
.value{white-space:nowrap}
.marks{display:inline-block;width:1.5em;padding-left:2px;text-align:left;text-decoration:none}
abbr{text-decoration:none}
.floor th,.floor td{background:var(--raised);font-style:italic}
.floor th:first-child{padding-left:6px}
.swatch{display:inline-block;width:14px;height:14px;vertical-align:-2px;margin-right:6px}
.figures{display:grid;gap:28px 32px;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr))}
figure{margin:0;min-width:0}
figure svg{display:block;max-width:100%;height:auto}
.wide{display:none}
.narrow svg{width:100%}
.grid{table-layout:fixed;width:100%;max-width:calc(10rem + var(--columns)*200px);min-width:0}
.sheets{max-width:calc(10rem + var(--columns)*320px)}
.grid th,.grid td{border:0;padding:3px 5px;text-align:center;font-size:14px;vertical-align:middle}
.grid thead td{width:9.5rem}
.grid tbody th{text-align:left;font-size:16px}
.grid td svg{display:block;width:100%;border:1px solid var(--line);border-radius:3px;background:var(--raised)}
.grid .aside{text-align:left;color:var(--soft);padding-left:12px}
.warnings{max-width:72ch;margin:0 0 12px;padding:8px 12px 8px 30px;background:var(--raised);border-left:4px solid var(--warn)}
h3{font-size:17px;margin:24px 0 8px}
.panels{display:grid;gap:20px 24px;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}
.pairs{grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr))}
.panels>svg{width:100%;max-width:352px!important}
.pairs>svg{max-width:440px!important}
figcaption{margin-top:8px;max-width:90ch}
.classes{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:0 0 6px;padding:0}
.classes svg{margin-right:5px}
.map td{white-space:nowrap}
.map thead th:last-child{text-align:left}
.map td:last-child{text-align:left;max-width:44ch;white-space:normal}
.numbers,.plain{font-size:14px;min-width:0}
.numbers th,.numbers td,.plain th,.plain td{padding:3px 8px}
.numbers th[scope=row]{font-weight:600}
.solvers th[scope=row],.solvers td{white-space:nowrap}
code{overflow-wrap:anywhere}
pre code{overflow-wrap:normal}
.command code{overflow-wrap:anywhere}
pre{overflow-x:auto;background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:12px;font:14px/1.5 ui-monospace,"Liberation Mono",monospace}
.command{white-space:pre-wrap;overflow-wrap:anywhere}
.turning svg[data-turning]{cursor:grab;touch-action:pan-y}
.turn-bar{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:center;font-size:14px;color:var(--soft)}
.turn-bar label{display:flex;gap:6px;align-items:center;min-height:32px}
.text-columns{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,190px),1fr));gap:8px 24px}
.text-columns h4{margin:6px 0 2px;font-size:14px;color:var(--soft)}
.text-columns p{margin:0}
.texts{list-style:none;margin:0 0 6px;padding:0;font:15px/1.45 ui-monospace,"Liberation Mono",monospace;overflow-wrap:anywhere;white-space:pre-wrap}
.texts .off{color:var(--off)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
summary{cursor:pointer;padding:6px 0;font-weight:500}
footer{margin-top:40px;padding-top:12px;padding-bottom:32px;color:var(--soft);font-size:14px}
@media(min-width:620px){.wide{display:block}.narrow{display:none}}
@media(min-width:620px) and (max-width:899px){
.value .sd{display:block}
.sortable thead th+th,.value{text-align:left}
}
@media(max-width:619px){
th,td,.sortable td,.sortable thead th+th{padding:4px 0}
.solvers th,.solvers td{padding:4px 6px}
table{min-width:0;width:100%}
.grid td{padding:4px 3px}
.stack,.stack thead,.stack tbody,.stack tfoot,.stack caption{display:block}
.stack tr{display:grid;grid-template-columns:repeat(var(--columns),minmax(var(--cell,70px),1fr));border-bottom:1px solid var(--line)}
.stack th,.stack td{border:0}
.stack thead :first-child:is(th,td){display:none}
.stack th[scope=row],.stack .whole{grid-column:1/-1}
.stack th[scope=row]{padding-bottom:0}
.stack thead th,.value{text-align:left}
.value{font-size:14px}
.value .sd{display:block;font-size:13px}
.value .interval{white-space:normal}
.map,.map tbody,.map caption{display:block}
.map td,.map td:last-child{white-space:normal;max-width:none}
.map thead{display:none}
.map tr{display:block;padding:6px 0;border-bottom:1px solid var(--line)}
.map th,.map td{display:block;border:0;padding:0;text-align:left}
.map td:empty{display:none}
.map td::before{content:attr(data-label) ": ";color:var(--soft)}
.marks{width:auto;letter-spacing:-1px}
.grid thead th{text-align:center}
.floor td.whole{text-align:left;padding:0 6px 6px}
.grid tr{border:0}
.grid .aside{grid-column:2/-1;align-self:center}
.methods,.methods tbody{display:block}
.methods thead{display:none}
.methods tr{display:flex;flex-wrap:wrap;gap:0 14px;padding:6px 0;border-bottom:1px solid var(--line)}
.methods th,.methods td{border:0;padding:0;text-align:left}
.methods th,.methods .left{flex:1 0 100%}
.methods td{color:var(--soft);font-size:14px}
.methods td[data-unit]::after{content:" " attr(data-unit)}
}
@media(prefers-color-scheme:dark){
:root{--page:#14181c;--ink:#e6eaee;--soft:#a3afba;--line:#37414a;--raised:#1d2328;--best:#4fd6a8;--link:#6bb8f0;--warn:#f0a33a;--off:#ff7482}
${swap}
}
@media print{
:root{color-scheme:light}
body{font-size:11pt}
.scroll{overflow:visible}
.sortable td,.sortable thead th+th{padding-left:6px;padding-right:0}
.value .sd{display:block}
.sortable thead th+th,.value{text-align:left}
table,tr{break-inside:avoid}
h2{break-after:avoid}
figure,.grid tr{break-inside:avoid}
.grid{max-width:15cm}
.turn-bar{display:none}
details:not([open]){display:none}
.figures{grid-template-columns:1fr 1fr}
.wide{display:none}
.narrow{display:block}
.panels{grid-template-columns:repeat(3,1fr)}
.pairs{grid-template-columns:1fr 1fr}
.figures .panels{grid-template-columns:1fr}
pre{white-space:pre-wrap}
.printed pre{columns:2;font-size:12px}
}
`
