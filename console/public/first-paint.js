// Runs before anything is drawn: the chosen theme's background, so that a dark page never flashes white.
(function () {
  var chosen = localStorage.getItem('weir.theme');
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.style.background = dark ? '#10161c' : '#f5f7f9';
  document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
})();
