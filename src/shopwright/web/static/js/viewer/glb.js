// Reads a GLB of triangles, as the server makes them: positions, normals, indices, colours and where
// each node stands. Only the file's own binary chunk is looked at, so nothing else is ever fetched.
const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BINARY_CHUNK = 0x004e4942;
const TRIANGLES = 4;
const ARRAYS = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array,
                 5126: Float32Array };
const WIDTHS = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };

export class UnreadableModel extends Error { name = "UnreadableModel"; }

/** Bodies as { positions, normals, indices, color, matrices }; throws UnreadableModel. */
export function readGlb(buffer) {
  try {
    const { description, binary } = split(buffer);
    const bodies = [];
    const scene = description.scenes[description.scene ?? 0];
    for (const node of scene.nodes ?? []) collect(description, binary, node, [], bodies);
    if (!bodies.length) throw new UnreadableModel("The model has no surfaces.");
    return bodies;
  } catch (error) {
    if (error instanceof UnreadableModel) throw error;
    throw new UnreadableModel("The model is damaged.");
  }
}

function split(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new UnreadableModel("This is no GLB model.");
  let description = null;
  let binary = new ArrayBuffer(0);
  for (let at = 12; at + 8 <= buffer.byteLength;) {
    const length = view.getUint32(at, true);
    const kind = view.getUint32(at + 4, true);
    const chunk = buffer.slice(at + 8, at + 8 + length);
    if (kind === JSON_CHUNK) description = JSON.parse(new TextDecoder().decode(chunk));
    if (kind === BINARY_CHUNK) binary = chunk;
    at += 8 + length;
  }
  return { description, binary };
}

function collect(description, binary, index, above, bodies) {
  if (above.length > 64) throw new UnreadableModel("The model's nodes are nested too deep.");
  const node = description.nodes[index];
  const matrices = [...above, placeOf(node)];
  for (const primitive of description.meshes?.[node.mesh]?.primitives ?? []) {
    if ((primitive.mode ?? TRIANGLES) !== TRIANGLES) continue;
    const { POSITION, NORMAL } = primitive.attributes;
    bodies.push({
      positions: read(description, binary, POSITION),
      normals: NORMAL === undefined ? null : read(description, binary, NORMAL),
      indices: primitive.indices === undefined ? null : read(description, binary, primitive.indices),
      color: description.materials?.[primitive.material]?.pbrMetallicRoughness?.baseColorFactor ?? null,
      matrices,
    });
  }
  for (const child of node.children ?? []) collect(description, binary, child, matrices, bodies);
}

function placeOf(node) {
  return node.matrix
    ? { matrix: node.matrix }
    : { translation: node.translation ?? [0, 0, 0], rotation: node.rotation ?? [0, 0, 0, 1], scale: node.scale ?? [1, 1, 1] };
}

/** One accessor as a packed array; what lies with gaps is copied together. */
function read(description, binary, index) {
  const { bufferView, byteOffset = 0, componentType, count, type } = description.accessors[index];
  const { byteOffset: start = 0, byteStride, buffer } = description.bufferViews[bufferView];
  if (description.buffers[buffer].uri !== undefined) {
    throw new UnreadableModel("The model refers to another file, which is not fetched.");
  }
  const Packed = ARRAYS[componentType];
  const width = WIDTHS[type];
  const step = byteStride ?? width * Packed.BYTES_PER_ELEMENT;
  const first = start + byteOffset;
  if (step === width * Packed.BYTES_PER_ELEMENT) {
    return new Packed(binary.slice(first, first + count * step));
  }
  const packed = new Packed(count * width);
  for (let row = 0; row < count; row++) {
    const from = first + row * step;
    packed.set(new Packed(binary.slice(from, from + width * Packed.BYTES_PER_ELEMENT)), row * width);
  }
  return packed;
}
