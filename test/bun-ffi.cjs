module.exports = Bun.FFI;
