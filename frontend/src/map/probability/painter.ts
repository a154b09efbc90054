/** Draws a texture of probability on a map. */

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Palette } from "../../page.ts";
import { FRAGMENT, VERTEX } from "./shaders.ts";
import type { TileTexture } from "./texture.ts";
import { inCanvas } from "./window.ts";

export interface Look {
  /** From which on a pixel would count as changed, 0 to 1. */
  threshold: number;
  /** Of the colours; 0: none. */
  opacity: number;
  /** Whether the outline of what would be changed is drawn. */
  lined: boolean;
}

const HALF_WIDTH = 0.9; // of the line [px of the page]
const STEPS = 254;
const UNIFORMS = ["u_steps", "u_colours", "u_threshold", "u_opacity", "u_line", "u_casing", "u_half", "u_lined"] as const;

export class Painter {
  private readonly program: WebGLProgram;
  private readonly places: Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;
  private readonly corners: WebGLBuffer;
  private readonly vertices: WebGLVertexArrayObject;
  private readonly colours: WebGLTexture;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly palette: Palette,
  ) {
    this.program = linked(gl);
    this.places = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(this.program, name)])) as typeof this.places;
    this.corners = gl.createBuffer();
    this.vertices = gl.createVertexArray();
    gl.bindVertexArray(this.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    for (const [name, offset] of [["a_canvas", 0], ["a_texture", 8]] as const) {
      const place = gl.getAttribLocation(this.program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 16, offset);
    }
    gl.bindVertexArray(null);
    this.colours = colourScale(gl, palette.probability);
  }

  draw(map: MapLibreMap, tiles: TileTexture, { threshold, opacity, lined }: Look): void {
    const { gl, places } = this;
    gl.useProgram(this.program);
    gl.bindVertexArray(this.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.bufferData(gl.ARRAY_BUFFER, rectangle(map, tiles), gl.STREAM_DRAW);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.activeTexture(gl.TEXTURE0);
    tiles.bind();
    gl.uniform1i(places.u_steps, 0);
    gl.uniform1i(places.u_colours, 1);
    gl.uniform1f(places.u_threshold, betweenSteps(threshold));
    gl.uniform1f(places.u_opacity, opacity);
    gl.uniform1f(places.u_lined, lined ? 1 : 0);
    gl.uniform1f(places.u_half, HALF_WIDTH * devicePixelRatio);
    gl.uniform3fv(places.u_line, rgb(this.palette.outline));
    gl.uniform3fv(places.u_casing, rgb(this.palette.outlineCasing));
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.bindVertexArray(null);
  }

  remove(): void {
    this.gl.deleteProgram(this.program);
    this.gl.deleteBuffer(this.corners);
    this.gl.deleteVertexArray(this.vertices);
    this.gl.deleteTexture(this.colours);
  }
}

/** Half a step below the first step that counts, so that no plain of one number lies on the line. */
export function betweenSteps(threshold: number): number {
  return (Math.ceil(threshold * STEPS - 1e-6) - 0.5) / STEPS;
}

/** The tiles of a texture: corners in the canvas, and in the texture, which repeats. */
function rectangle(map: MapLibreMap, { window: { z, x0, y0, x1, y1 }, slots }: TileTexture): Float32Array {
  const [left, top] = inCanvas(map, z, x0, y0);
  const [right, bottom] = inCanvas(map, z, x1 + 1, y1 + 1);
  const [u0, v0] = [(x0 % slots) / slots, (y0 % slots) / slots];
  const [u1, v1] = [u0 + (x1 + 1 - x0) / slots, v0 + (y1 + 1 - y0) / slots];
  return new Float32Array([left, top, u0, v0, right, top, u1, v0, left, bottom, u0, v1, right, bottom, u1, v1]);
}

function colourScale(gl: WebGL2RenderingContext, colours: string[]): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  const bytes = new Uint8Array(colours.flatMap((colour) => [...rgb(colour).map((part) => Math.round(part * 255)), 255]));
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, colours.length, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return texture;
}

/** Of #rrggbb, 0 to 1. */
function rgb(colour: string): [number, number, number] {
  const part = (from: number) => parseInt(colour.slice(from, from + 2), 16) / 255;
  return [part(1), part(3), part(5)];
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The probability cannot be drawn here: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
