// The button that prints the page.
"use strict";

document.getElementById("print").addEventListener("click", function () { window.print(); });
