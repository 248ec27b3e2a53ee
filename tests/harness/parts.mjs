// Reads and decompresses the files of ClickHouse's parts.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";

/** Before each block: checksum, method, packed size (counted from the method) and size (`CompressedReadBuffer`). */
const CHECKSUM = 16;
const HEADER = 9;
const [NONE, LZ4, ZSTD, SEVERAL] = [0x02, 0x82, 0x90, 0x91];

/** All files under some folders with their content. Files of compressed blocks are decompressed. */
export function* unpackedFiles(folders) {
  for (const folder of folders)
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      let bytes;
      try {
        bytes = readFileSync(path);
      } catch (/** @type {any} */ error) {
        // A merge may have deleted the file meanwhile.
        if (error.code === "ENOENT") continue;
        throw error;
      }
      yield { path, bytes: /\.(bin|cidx|cmrk\d*)$/.test(entry.name) ? unpacked(bytes, path) : bytes };
    }
}

/** Decompresses the blocks of a file. */
function unpacked(bytes, path) {
  const blocks = [];
  for (let at = 0; at < bytes.length; ) {
    const begin = at + CHECKSUM;
    const [packed, size] = [bytes.readUInt32LE(begin + 1), bytes.readUInt32LE(begin + 5)];
    blocks.push(block(bytes.subarray(begin, begin + packed), size, path));
    at = begin + packed;
  }
  return Buffer.concat(blocks);
}

function block(bytes, size, path) {
  const data = bytes.subarray(HEADER);
  switch (bytes[0]) {
    case NONE:
      return data;
    case LZ4:
      return lz4(data, size);
    case ZSTD:
      return zstdDecompressSync(data);
    case SEVERAL: {
      // The number of codecs, their bytes, then the output of the last codec as a block. Its content is not text.
      const inner = data.subarray(1 + data[0]);
      return block(inner, inner.readUInt32LE(5), path);
    }
    default:
      throw new Error(`${path} is packed by method ${bytes[0]}, which is not known here`);
  }
}

/** Decompresses one block (LZ4's "Block Format Description"). */
function lz4(packed, size) {
  const out = Buffer.alloc(size);
  let [from, to] = [0, 0];
  const length = (nibble) => {
    let sum = nibble;
    if (nibble === 15) {
      let more = 255;
      while (more === 255) {
        more = packed[from++];
        sum += more;
      }
    }
    return sum;
  };
  while (from < packed.length) {
    const token = packed[from++];
    const literals = length(token >> 4);
    packed.copy(out, to, from, from + literals);
    from += literals;
    to += literals;
    if (from >= packed.length) break;
    const back = packed.readUInt16LE(from);
    from += 2;
    // The copied range may overlap the output.
    for (let left = length(token & 15) + 4; left > 0; left--) out[to] = out[to++ - back];
  }
  if (to !== size) throw new Error(`${to} bytes of ${size}`);
  return out;
}
