/** Probability as colours from a threshold on, and the line along which it equals the threshold. */

export const VERTEX = `#version 300 es
in vec2 a_canvas;
in vec2 a_texture;
out vec2 v_texture;
void main() {
  v_texture = a_texture;
  gl_Position = vec4(a_canvas, 0.0, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D u_steps;    // 0 to 254 of 255
uniform sampler2D u_colours;  // of probability 0 to 1
uniform float u_threshold;
uniform float u_opacity;      // of the colours
uniform vec3 u_line;
uniform vec3 u_casing;
uniform float u_half;         // of the line's width [px]
uniform float u_lined;        // 1: with the line
in vec2 v_texture;
out vec4 colour;

// the largest of the pixels of the texture under one of the page: of one that is enlarged that pixel itself
float largest() {
  vec2 size = vec2(textureSize(u_steps, 0));
  vec2 place = fract(v_texture) * size;
  vec2 under = fwidth(v_texture) * size;
  vec2 reach = step(1.0, under) * under * 0.5;
  float found = 0.0;
  for (int row = -1; row <= 1; row++) {
    for (int column = -1; column <= 1; column++) {
      vec2 at = mod(floor(place + vec2(column, row) * reach), size);
      found = max(found, texelFetch(u_steps, ivec2(at), 0).r);
    }
  }
  return found * (255.0 / 254.0);
}

void main() {
  float p = texture(u_steps, v_texture).r * (255.0 / 254.0); // between the middles of pixels: for a smooth line
  float seen = largest();
  // the distance to the line in pixels: how far p is from the threshold, by how fast it changes
  float away = abs(p - u_threshold) / max(length(vec2(dFdx(p), dFdy(p))), 1e-4);
  float inside = step(u_threshold, seen) * u_opacity;
  vec4 fill = vec4(texture(u_colours, vec2(seen, 0.5)).rgb, 1.0) * inside;
  float casing = u_lined * 0.65 * (1.0 - smoothstep(u_half + 0.6, u_half + 1.6, away));
  float line = u_lined * (1.0 - smoothstep(u_half - 0.5, u_half + 0.5, away));
  colour = mix(mix(fill, vec4(u_casing, 1.0), casing), vec4(u_line, 1.0), line);
}`;
