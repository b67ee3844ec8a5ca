// Every element with text of its own, and the contrast of that text with what is behind it (WCAG 2.2, 1.4.3).
const channels = (color) => {
  const numbers = color.match(/[\d.]+/g).map(Number);
  return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
};
const over = (above, below) => above.rgb.map((c, i) => c * above.alpha + below[i] * (1 - above.alpha));
const behind = (element) => {
  if (!element) return [255, 255, 255];
  const color = channels(getComputedStyle(element).backgroundColor);
  return color.alpha === 1 ? color.rgb : over(color, behind(element.parentElement));
};
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const told = (element) => Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
return Array.from(document.querySelectorAll("body *")).filter((element) => told(element) && shown(element)).map((element) => {
  const style = getComputedStyle(element);
  const below = behind(element);
  const text = over(channels(element instanceof SVGElement ? style.fill : style.color), below);
  const [lighter, darker] = [luminance(text), luminance(below)].sort((a, b) => b - a);
  const name = element.tagName + (element.id && "#" + element.id) + ": " + element.textContent.trim().slice(0, 30);
  return [name, (lighter + 0.05) / (darker + 0.05)];
});
