// Safetensors files that must be refused, and what the error says of each. Readers that trust a header read past the end of the
// file, twice from one place, or something else than the next reader.
import { rawFile } from '../checkpoint/tools.js';

export interface HostileFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Part of the error's message. */
  readonly says: string;
}

const row = (name: string, says: string, bytes: Uint8Array): HostileFile => ({ name, bytes, says });

/** A header's text, and how much data lies behind it. */
const text = (name: string, says: string, header: string | Uint8Array, data: number | Uint8Array = 0): HostileFile =>
  row(name, says, rawFile(header, data));

/** One tensor called a, of these fields. */
const entry = (name: string, says: string, fields: string, data = 0): HostileFile =>
  text(name, says, `{"a":{${fields}}}`, data);

const f32 = (begin: number, end: number, size = (end - begin) / 4) =>
  `{"dtype":"F32","shape":[${size}],"data_offsets":[${begin},${end}]}`;

/** A header of one tensor with a name of these bytes. */
const named = (...bytes: number[]) =>
  Buffer.concat([Buffer.from('{"'), Buffer.of(...bytes), Buffer.from(`":${f32(0, 0)}}`)]);

const lengths: HostileFile[] = [
  row('nothing at all', '0 bytes', new Uint8Array(0)),
  row('one byte', '1 bytes', Uint8Array.of(123)),
  row('seven bytes of the length', '7 bytes', new Uint8Array(7)),
  row('a length and nothing else', 'is cut short', rawFile('', 0, 2n)),
  row('a header of no bytes', 'header is empty', rawFile('')),
  row('a header of no bytes before data', 'header is empty', rawFile('', 16)),
  row('a length one byte too long', 'is cut short', rawFile('{}', 0, 3n)),
  row(
    'a length that reaches into the data',
    'after its end',
    rawFile(`{"a":${f32(0, 4)}}`, Buffer.from('    {}{}'), 60n),
  ),
  row('a length that cuts the text', 'ends too early', rawFile('{"a":   ', 0, 8n)),
  row('one byte beyond the cap', '100000001 bytes, at most 100000000', rawFile('{}', 0, 100_000_001n)),
  row('2^31 bytes', 'at most 100000000', rawFile('{}', 0, 2n ** 31n)),
  row('2^32 + 2 bytes, 2 in 32 bits', 'at most 100000000', rawFile('{}', 0, 2n ** 32n + 2n)),
  row('2^53 + 2 bytes', 'at most 100000000', rawFile('{}', 0, 2n ** 53n + 2n)),
  row('2^63 bytes, a negative number', 'at most 100000000', rawFile('{}', 0, 2n ** 63n)),
  row('2^64 - 1 bytes', 'at most 100000000', rawFile('{}', 0, 2n ** 64n - 1n)),
  row('2^64 - 8 bytes, none with the length', 'at most 100000000', rawFile('{}', 0, 2n ** 64n - 8n)),
  row(
    'the length in the other byte order',
    'at most 100000000',
    Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 0, 0, 2), Buffer.from('{}')]),
  ),
  row('a zip file', 'is no safetensors file', Buffer.from('PK\x03\x04\x14\0\x08\x08\x08\0\0\0')),
  row('a NumPy file', 'is no safetensors file', Buffer.from('\x93NUMPY\x01\0v\0', 'latin1')),
];

const texts: HostileFile[] = [
  text('no JSON', 'must begin with {', 'hello'),
  text('an array', 'must begin with {', '[]'),
  text('a string', 'must begin with {', '"{}"'),
  text('null', 'must begin with {', 'null'),
  text('a space before the text', 'must begin with {', ` {"a":${f32(0, 0)}}`),
  text('a byte order mark', 'must begin with {', '\ufeff{}'),
  text('UTF-16', 'is no JSON', Buffer.from('{}', 'utf16le')),
  text('an object that does not end', 'is no JSON', '{"a":{"dtype":"F32"'),
  text('a comma at the end', 'quotation marks', `{"a":${f32(0, 0)},}`),
  text('a comment', 'quotation marks', '{/* */}'),
  text('single quotation marks', 'quotation marks', "{'a':1}"),
  text('a key that is a number', 'quotation marks', '{1:2}'),
  text('two objects', 'after its end', '{}{}'),
  text('a newline behind it', 'after its end', '{}\n'),
  text('zeros behind it', 'after its end', '{}\0\0\0\0\0\0'),
  text('a control character in a name', 'control character', `{"a\u0001":${f32(0, 0)}}`),
  text('a newline in a name', 'control character', `{"a\n":${f32(0, 0)}}`),
  text('an escape there is not', 'escape', `{"\\x61":${f32(0, 0)}}`),
  text('half of a surrogate pair', 'surrogate', `{"\\ud83d":${f32(0, 0)}}`),
  text('a byte that UTF-8 has not', 'not UTF-8', named(0xff)),
  text('a character cut in two', 'not UTF-8', named(0xc3)),
  text('a character longer than it must be', 'not UTF-8', named(0xc0, 0xaf)),
  text('a surrogate in UTF-8', 'not UTF-8', named(0xed, 0xa0, 0x80)),
  text('a character beyond Unicode', 'not UTF-8', named(0xf5, 0x80, 0x80, 0x80)),
  text('arrays as deep as the header is long', 'too deep', `{"a":${'['.repeat(100_000)}`),
  text('objects as deep as the header is long', 'too deep', '{"a":'.repeat(50_000)),
];

const keys: HostileFile[] = [
  text('a tensor twice', '"a" twice', `{"a":${f32(0, 4)},"a":${f32(0, 4)}}`, 4),
  text('a tensor twice, once in escapes', '"a" twice', `{"a":${f32(0, 4)},"\\u0061":${f32(4, 8)}}`, 8),
  text('__proto__ twice', '"__proto__" twice', `{"__proto__":${f32(0, 4)},"__proto__":${f32(4, 8)}}`, 8),
  text('the metadata twice', '"__metadata__" twice', '{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"}}'),
  text('a key of the metadata twice', '"a" twice', '{"__metadata__":{"a":"1","a":"2"}}'),
  entry('the dtype twice', '"dtype" twice', '"dtype":"F32","dtype":"F64","shape":[0],"data_offsets":[0,0]'),
  entry(
    'the offsets twice',
    '"data_offsets" twice',
    '"dtype":"F32","shape":[1],"data_offsets":[0,0],"data_offsets":[0,4]',
    4,
  ),
  text('metadata that is null', '__metadata__ must be an object, got null', '{"__metadata__":null}'),
  text('metadata that is text', '__metadata__ must be an object', '{"__metadata__":"x"}'),
  text('metadata that is an array', '__metadata__ must be an object', '{"__metadata__":["x"]}'),
  text('a number in the metadata', 'must hold strings, got 1 for "step"', '{"__metadata__":{"step":1}}'),
  text('null in the metadata', 'must hold strings, got null', '{"__metadata__":{"step":null}}'),
  text('an object in the metadata', 'must hold strings, got an object', '{"__metadata__":{"step":{}}}'),
  text('a tensor that is null', 'must be an object', '{"a":null}'),
  text('a tensor that is a number', 'must be an object', '{"a":4}'),
  text('a tensor that is an array', 'must be an object', '{"a":["F32",[1],[0,4]]}', 4),
  text('a tensor without anything', 'dtype must be one of', '{"a":{}}'),
  entry('no dtype', 'dtype must be one of', '"shape":[1],"data_offsets":[0,4]', 4),
  entry('no shape', 'shape must be an array of whole numbers, got nothing', '"dtype":"F32","data_offsets":[0,4]', 4),
  entry('no offsets', 'data_offsets must be two whole numbers, got nothing', '"dtype":"F32","shape":[1]', 4),
  entry('an unknown key', 'unknown key "strides"', '"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[0]', 4),
  entry('a key in capitals', 'unknown key "Shape"', '"dtype":"F32","Shape":[1],"data_offsets":[0,4]', 4),
  entry(
    '__proto__ in a tensor',
    'unknown key "__proto__"',
    '"__proto__":3,"dtype":"F32","shape":[0],"data_offsets":[0,0]',
  ),
];

const values: HostileFile[] = [
  entry('a dtype of another library', 'got "float32"', '"dtype":"float32","shape":[1],"data_offsets":[0,4]', 4),
  entry('a dtype in small letters', 'got "f32"', '"dtype":"f32","shape":[1],"data_offsets":[0,4]', 4),
  entry(
    'a dtype from an object of JavaScript',
    'got "constructor"',
    '"dtype":"constructor","shape":[1],"data_offsets":[0,4]',
    4,
  ),
  entry('a dtype that is a number', 'dtype must be one of', '"dtype":4,"shape":[1],"data_offsets":[0,4]', 4),
  entry('a dtype that is an array', 'dtype must be one of', '"dtype":["F32"],"shape":[1],"data_offsets":[0,4]', 4),
  entry('a shape that is a number', 'shape must be an array', '"dtype":"F32","shape":1,"data_offsets":[0,4]', 4),
  entry('a shape that is an object', 'shape must be an array', '"dtype":"F32","shape":{"0":1},"data_offsets":[0,4]', 4),
  entry('a negative size', 'got -1', '"dtype":"F32","shape":[-1],"data_offsets":[0,4]', 4),
  entry('two negative sizes', 'got -2', '"dtype":"F32","shape":[-2,-2],"data_offsets":[0,16]', 16),
  entry('a size of minus zero', 'got -0', '"dtype":"F32","shape":[-0],"data_offsets":[0,0]'),
  entry('a broken size', 'got 1.5', '"dtype":"F32","shape":[1.5],"data_offsets":[0,6]', 6),
  entry('a size with a decimal point', 'got 1.0', '"dtype":"F32","shape":[1.0],"data_offsets":[0,4]', 4),
  entry('a size with an exponent', 'got 1e0', '"dtype":"F32","shape":[1e0],"data_offsets":[0,4]', 4),
  entry('a size with a leading zero', 'is no JSON', '"dtype":"F32","shape":[01],"data_offsets":[0,4]', 4),
  entry('a size that is text', 'got "1"', '"dtype":"F32","shape":["1"],"data_offsets":[0,4]', 4),
  entry('a size that is null', 'got null', '"dtype":"F32","shape":[null],"data_offsets":[0,4]', 4),
  entry('a size that is true', 'got true', '"dtype":"F32","shape":[true],"data_offsets":[0,4]', 4),
  entry('NaN', 'is no JSON', '"dtype":"F32","shape":[NaN],"data_offsets":[0,4]', 4),
  entry('infinity', 'is no JSON', '"dtype":"F32","shape":[Infinity],"data_offsets":[0,4]', 4),
  entry('a size beyond doubles', 'got 1e999', '"dtype":"F32","shape":[1e999],"data_offsets":[0,4]', 4),
  entry(
    'a number of a thousand digits',
    'is no JSON',
    `"dtype":"F32","shape":[${'9'.repeat(1000)}],"data_offsets":[0,4]`,
    4,
  ),
  entry(
    'a size that a double rounds',
    'got 9007199254740993, beyond',
    '"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,4]',
    4,
  ),
  entry('2^64, nothing in 64 bits', 'beyond', '"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,0]'),
  entry(
    'sizes whose product is 2^64',
    'more elements',
    '"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]',
  ),
  entry(
    'sizes whose product is 2^64 + 1',
    'more elements',
    '"dtype":"U8","shape":[274177,67280421310721],"data_offsets":[0,1]',
    1,
  ),
  entry(
    'sizes that overflow before they meet a zero',
    'more elements',
    '"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]',
  ),
  entry(
    'bytes that overflow where elements do not',
    'more bytes',
    '"dtype":"F64","shape":[2251799813685248],"data_offsets":[0,0]',
  ),
  entry(
    'a hundred thousand dimensions',
    'shape [1, 1, 1, 1, 1, 1, 1, 1, ...] of F32 takes 4',
    `"dtype":"F32","shape":[${'1,'.repeat(99_999)}1],"data_offsets":[0,8]`,
    8,
  ),
  entry('half a byte', 'ends within a byte', '"dtype":"F4","shape":[3],"data_offsets":[0,2]', 2),
  entry('six bits', 'ends within a byte', '"dtype":"F6_E2M3","shape":[2],"data_offsets":[0,2]', 2),
  entry('one offset', 'two whole numbers, got 1', '"dtype":"F32","shape":[1],"data_offsets":[4]', 4),
  entry('no offset', 'two whole numbers, got 0', '"dtype":"F32","shape":[0],"data_offsets":[]'),
  entry('three offsets', 'two whole numbers, got 3', '"dtype":"F32","shape":[1],"data_offsets":[0,4,4]', 4),
  entry(
    'offsets that are an object',
    'two whole numbers',
    '"dtype":"F32","shape":[1],"data_offsets":{"begin":0,"end":4}',
    4,
  ),
  entry('a negative offset', 'got -4', '"dtype":"F32","shape":[1],"data_offsets":[-4,0]', 4),
  entry('a broken offset', 'got 0.5', '"dtype":"F32","shape":[1],"data_offsets":[0.5,4.5]', 8),
  entry('offsets as text', 'got "0"', '"dtype":"F32","shape":[1],"data_offsets":["0","4"]', 4),
  entry(
    'offsets beyond 2^53',
    'beyond',
    '"dtype":"F32","shape":[1],"data_offsets":[9007199254740992,9007199254740996]',
    4,
  ),
  entry(
    'offsets that wrap around 2^64',
    'beyond',
    '"dtype":"F32","shape":[2],"data_offsets":[18446744073709551612,4]',
    4,
  ),
];

const places: HostileFile[] = [
  entry('an end before the begin', 'ends at byte 0, before', '"dtype":"F32","shape":[1],"data_offsets":[4,0]', 4),
  entry('an end before the begin, without elements', 'before', '"dtype":"F32","shape":[0],"data_offsets":[4,0]', 4),
  text('fewer bytes than elements', 'has 4 bytes; shape [2] of F32 takes 8', `{"a":${f32(0, 4, 2)}}`, 4),
  text('more bytes than elements', 'has 8 bytes; shape [1] of F32 takes 4', `{"a":${f32(0, 8, 1)}}`, 8),
  entry(
    'a scalar without bytes',
    'has 0 bytes; shape [] of F32 takes 4',
    '"dtype":"F32","shape":[],"data_offsets":[0,0]',
  ),
  entry(
    'no elements, and bytes',
    'has 4 bytes; shape [0] of F32 takes 0',
    '"dtype":"F32","shape":[0],"data_offsets":[0,4]',
    4,
  ),
  text('a hole at the start', 'leaves a hole', `{"a":${f32(4, 8)}}`, 8),
  text('a hole between two', 'leaves a hole', `{"a":${f32(0, 4)},"b":${f32(8, 12)}}`, 12),
  text('a hole before no elements', 'leaves a hole', `{"a":${f32(0, 4)},"b":${f32(6, 6)}}`, 6),
  text('two at the same place', 'overlaps', `{"a":${f32(0, 4)},"b":${f32(0, 4)}}`, 4),
  text('two that share bytes', 'overlaps', `{"a":${f32(0, 8)},"b":${f32(4, 12)}}`, 12),
  text('one within the other', 'overlaps', `{"a":${f32(0, 16)},"b":${f32(4, 8)}}`, 16),
  text('no elements within another', 'overlaps', `{"a":${f32(0, 8)},"b":${f32(4, 4)}}`, 8),
  text('data that is one byte short', 'is cut short: its tensors take 4 bytes, and 3', `{"a":${f32(0, 4)}}`, 3),
  text('no data', 'is cut short: its tensors take 4 bytes, and 0', `{"a":${f32(0, 4)}}`),
  text('a tensor of petabytes', 'is cut short', `{"a":${f32(0, 2 ** 50)}}`, 8),
  text('one byte too many', 'belong to no tensor', `{"a":${f32(0, 4)}}`, 5),
  text('data without tensors', 'belong to no tensor', '{}', 8),
  text('a second file behind the first', 'belong to no tensor', '{}', rawFile('{}')),
];

export const hostileFiles: readonly HostileFile[] = [...lengths, ...texts, ...keys, ...values, ...places];
