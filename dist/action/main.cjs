"use strict";
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __esm = (fn, res, err) => function __init() {
  if (err) throw err[0];
  try {
    return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
  } catch (e) {
    throw err = [e], e;
  }
};
var __commonJS = (cb, mod) => function __require() {
  try {
    return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
  } catch (e) {
    throw mod = 0, e;
  }
};
var __export = (target, all) => {
  for (var name2 in all)
    __defProp(target, name2, { get: all[name2], enumerable: true });
};
var __copyProps = (to2, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key2 of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to2, key2) && key2 !== except)
        __defProp(to2, key2, { get: () => from[key2], enumerable: !(desc = __getOwnPropDesc(from, key2)) || desc.enumerable });
  }
  return to2;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// node_modules/tar/dist/esm/large-numbers.js
var encode, encodePositive, encodeNegative, parse, twos, pos, onesComp, twosComp;
var init_large_numbers = __esm({
  "node_modules/tar/dist/esm/large-numbers.js"() {
    encode = (num, buf) => {
      if (!Number.isSafeInteger(num)) {
        throw Error("cannot encode number outside of javascript safe integer range");
      } else if (num < 0) {
        encodeNegative(num, buf);
      } else {
        encodePositive(num, buf);
      }
      return buf;
    };
    encodePositive = (num, buf) => {
      buf[0] = 128;
      for (var i = buf.length; i > 1; i--) {
        buf[i - 1] = num & 255;
        num = Math.floor(num / 256);
      }
    };
    encodeNegative = (num, buf) => {
      buf[0] = 255;
      var flipped = false;
      num = num * -1;
      for (var i = buf.length; i > 1; i--) {
        var byte = num & 255;
        num = Math.floor(num / 256);
        if (flipped) {
          buf[i - 1] = onesComp(byte);
        } else if (byte === 0) {
          buf[i - 1] = 0;
        } else {
          flipped = true;
          buf[i - 1] = twosComp(byte);
        }
      }
    };
    parse = (buf) => {
      const pre = buf[0];
      const value = pre === 128 ? pos(buf.subarray(1, buf.length)) : pre === 255 ? twos(buf) : null;
      if (value === null) {
        throw Error("invalid base256 encoding");
      }
      if (!Number.isSafeInteger(value)) {
        throw Error("parsed number outside of javascript safe integer range");
      }
      return value;
    };
    twos = (buf) => {
      var len = buf.length;
      var sum = 0;
      var flipped = false;
      for (var i = len - 1; i > -1; i--) {
        var byte = Number(buf[i]);
        var f2;
        if (flipped) {
          f2 = onesComp(byte);
        } else if (byte === 0) {
          f2 = byte;
        } else {
          flipped = true;
          f2 = twosComp(byte);
        }
        if (f2 !== 0) {
          sum -= f2 * Math.pow(256, len - i - 1);
        }
      }
      return sum;
    };
    pos = (buf) => {
      var len = buf.length;
      var sum = 0;
      for (var i = len - 1; i > -1; i--) {
        var byte = Number(buf[i]);
        if (byte !== 0) {
          sum += byte * Math.pow(256, len - i - 1);
        }
      }
      return sum;
    };
    onesComp = (byte) => (255 ^ byte) & 255;
    twosComp = (byte) => (255 ^ byte) + 1 & 255;
  }
});

// node_modules/tar/dist/esm/types.js
var isCode, normalFsTypes, name, code;
var init_types = __esm({
  "node_modules/tar/dist/esm/types.js"() {
    isCode = (c) => name.has(c);
    normalFsTypes = /* @__PURE__ */ new Set([
      "0",
      "",
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "D"
    ]);
    name = /* @__PURE__ */ new Map([
      ["0", "File"],
      // same as File
      ["", "OldFile"],
      ["1", "Link"],
      ["2", "SymbolicLink"],
      // Devices and FIFOs aren't fully supported
      // they are parsed, but skipped when unpacking
      ["3", "CharacterDevice"],
      ["4", "BlockDevice"],
      ["5", "Directory"],
      ["6", "FIFO"],
      // same as File
      ["7", "ContiguousFile"],
      // pax headers
      ["g", "GlobalExtendedHeader"],
      ["x", "ExtendedHeader"],
      // vendor-specific stuff
      // skip
      ["A", "SolarisACL"],
      // like 5, but with data, which should be skipped
      ["D", "GNUDumpDir"],
      // metadata only, skip
      ["I", "Inode"],
      // data = link path of next file
      ["K", "NextFileHasLongLinkpath"],
      // data = path of next file
      ["L", "NextFileHasLongPath"],
      // skip
      ["M", "ContinuationFile"],
      // like L
      ["N", "OldGnuLongPath"],
      // skip
      ["S", "SparseFile"],
      // skip
      ["V", "TapeVolumeHeader"],
      // like x
      ["X", "OldExtendedHeader"]
    ]);
    code = new Map(Array.from(name).map((kv) => [kv[1], kv[0]]));
  }
});

// node_modules/tar/dist/esm/header.js
var header_exports = {};
__export(header_exports, {
  Header: () => Header
});
var import_node_path2, notNegative, Header, splitPrefix, decString, decDate, numToDate, decNumber, nanUndef, decSmallNumber, MAXNUM, encNumber, encSmallNumber, octalString, padOctal, encDate, NULLS, encString;
var init_header = __esm({
  "node_modules/tar/dist/esm/header.js"() {
    import_node_path2 = require("node:path");
    init_large_numbers();
    init_types();
    notNegative = (n) => n === void 0 || n < 0 ? void 0 : n;
    Header = class {
      cksumValid = false;
      needPax = false;
      nullBlock = false;
      block;
      path;
      mode;
      uid;
      gid;
      size;
      cksum;
      #type = "Unsupported";
      linkpath;
      uname;
      gname;
      devmaj = 0;
      devmin = 0;
      atime;
      ctime;
      mtime;
      charset;
      comment;
      constructor(data, off = 0, ex, gex) {
        if (Buffer.isBuffer(data)) {
          this.decode(data, off || 0, ex, gex);
        } else if (data) {
          this.#slurp(data);
        }
      }
      decode(buf, off, ex, gex) {
        if (!off) {
          off = 0;
        }
        if (!buf || !(buf.length >= off + 512)) {
          throw new Error("need 512 bytes for header");
        }
        const t = decString(buf, off + 156, 1);
        const isNormalFS = normalFsTypes.has(t);
        const exForFields = isNormalFS ? ex : void 0;
        const gexForFields = isNormalFS ? gex : void 0;
        this.path = exForFields?.path ?? decString(buf, off, 100);
        this.mode = exForFields?.mode ?? gexForFields?.mode ?? decNumber(buf, off + 100, 8);
        this.uid = exForFields?.uid ?? gexForFields?.uid ?? decNumber(buf, off + 108, 8);
        this.gid = exForFields?.gid ?? gexForFields?.gid ?? decNumber(buf, off + 116, 8);
        this.size = notNegative(exForFields?.size ?? gexForFields?.size ?? decNumber(buf, off + 124, 12));
        this.mtime = exForFields?.mtime ?? gexForFields?.mtime ?? decDate(buf, off + 136, 12);
        this.cksum = decNumber(buf, off + 148, 12);
        if (gexForFields)
          this.#slurp(gexForFields, true);
        if (exForFields)
          this.#slurp(exForFields);
        if (isCode(t)) {
          this.#type = t || "0";
        }
        if (this.#type === "0" && this.path.slice(-1) === "/") {
          this.#type = "5";
        }
        if (this.#type === "5") {
          this.size = 0;
        }
        this.linkpath = decString(buf, off + 157, 100);
        if (buf.subarray(off + 257, off + 265).toString() === "ustar\x0000") {
          this.uname = exForFields?.uname ?? gexForFields?.uname ?? decString(buf, off + 265, 32);
          this.gname = exForFields?.gname ?? gexForFields?.gname ?? decString(buf, off + 297, 32);
          this.devmaj = exForFields?.devmaj ?? gexForFields?.devmaj ?? decNumber(buf, off + 329, 8) ?? 0;
          this.devmin = exForFields?.devmin ?? gexForFields?.devmin ?? decNumber(buf, off + 337, 8) ?? 0;
          if (buf[off + 475] !== 0) {
            const prefix = decString(buf, off + 345, 155);
            this.path = prefix + "/" + this.path;
          } else {
            const prefix = decString(buf, off + 345, 130);
            if (prefix) {
              this.path = prefix + "/" + this.path;
            }
            this.atime = ex?.atime ?? gex?.atime ?? decDate(buf, off + 476, 12);
            this.ctime = ex?.ctime ?? gex?.ctime ?? decDate(buf, off + 488, 12);
          }
        }
        let sum = 8 * 32;
        for (let i = off; i < off + 148; i++) {
          sum += buf[i];
        }
        for (let i = off + 156; i < off + 512; i++) {
          sum += buf[i];
        }
        this.cksumValid = sum === this.cksum;
        if (this.cksum === void 0 && sum === 8 * 32) {
          this.nullBlock = true;
        }
      }
      #slurp(ex, gex = false) {
        Object.assign(this, Object.fromEntries(Object.entries(ex).filter(([k2, v2]) => {
          return !(v2 === null || v2 === void 0 || k2 === "size" && Number(v2) < 0 || k2 === "path" && gex || k2 === "linkpath" && gex || k2 === "global");
        })));
      }
      encode(buf, off = 0) {
        if (!buf) {
          buf = this.block = Buffer.alloc(512);
        }
        if (this.#type === "Unsupported") {
          this.#type = "0";
        }
        if (!(buf.length >= off + 512)) {
          throw new Error("need 512 bytes for header");
        }
        const prefixSize = this.ctime || this.atime ? 130 : 155;
        const split = splitPrefix(this.path || "", prefixSize);
        const path8 = split[0];
        const prefix = split[1];
        this.needPax = !!split[2];
        this.needPax = encString(buf, off, 100, path8) || this.needPax;
        this.needPax = encNumber(buf, off + 100, 8, this.mode) || this.needPax;
        this.needPax = encNumber(buf, off + 108, 8, this.uid) || this.needPax;
        this.needPax = encNumber(buf, off + 116, 8, this.gid) || this.needPax;
        this.needPax = encNumber(buf, off + 124, 12, this.size) || this.needPax;
        this.needPax = encDate(buf, off + 136, 12, this.mtime) || this.needPax;
        buf[off + 156] = Number(this.#type.codePointAt(0));
        this.needPax = encString(buf, off + 157, 100, this.linkpath) || this.needPax;
        buf.write("ustar\x0000", off + 257, 8);
        this.needPax = encString(buf, off + 265, 32, this.uname) || this.needPax;
        this.needPax = encString(buf, off + 297, 32, this.gname) || this.needPax;
        this.needPax = encNumber(buf, off + 329, 8, this.devmaj) || this.needPax;
        this.needPax = encNumber(buf, off + 337, 8, this.devmin) || this.needPax;
        this.needPax = encString(buf, off + 345, prefixSize, prefix) || this.needPax;
        if (buf[off + 475] !== 0) {
          this.needPax = encString(buf, off + 345, 155, prefix) || this.needPax;
        } else {
          this.needPax = encString(buf, off + 345, 130, prefix) || this.needPax;
          this.needPax = encDate(buf, off + 476, 12, this.atime) || this.needPax;
          this.needPax = encDate(buf, off + 488, 12, this.ctime) || this.needPax;
        }
        let sum = 8 * 32;
        for (let i = off; i < off + 148; i++) {
          sum += buf[i];
        }
        for (let i = off + 156; i < off + 512; i++) {
          sum += buf[i];
        }
        this.cksum = sum;
        encNumber(buf, off + 148, 8, this.cksum);
        this.cksumValid = true;
        return this.needPax;
      }
      get type() {
        return this.#type === "Unsupported" ? this.#type : name.get(this.#type);
      }
      get typeKey() {
        return this.#type;
      }
      set type(type2) {
        const c = String(code.get(type2));
        if (isCode(c) || c === "Unsupported") {
          this.#type = c;
        } else if (isCode(type2)) {
          this.#type = type2;
        } else {
          throw new TypeError("invalid entry type: " + type2);
        }
      }
    };
    splitPrefix = (p2, prefixSize) => {
      const pathSize = 100;
      let pp = p2;
      let prefix = "";
      let ret = void 0;
      const root = import_node_path2.posix.parse(p2).root || ".";
      if (Buffer.byteLength(pp) < pathSize) {
        ret = [pp, prefix, false];
      } else {
        prefix = import_node_path2.posix.dirname(pp);
        pp = import_node_path2.posix.basename(pp);
        do {
          if (Buffer.byteLength(pp) <= pathSize && Buffer.byteLength(prefix) <= prefixSize) {
            ret = [pp, prefix, false];
          } else if (Buffer.byteLength(pp) > pathSize && Buffer.byteLength(prefix) <= prefixSize) {
            ret = [pp.slice(0, pathSize - 1), prefix, true];
          } else {
            pp = import_node_path2.posix.join(import_node_path2.posix.basename(prefix), pp);
            prefix = import_node_path2.posix.dirname(prefix);
          }
        } while (prefix !== root && ret === void 0);
        if (!ret) {
          ret = [p2.slice(0, pathSize - 1), "", true];
        }
      }
      return ret;
    };
    decString = (buf, off, size) => buf.subarray(off, off + size).toString("utf8").replace(/\0.*/, "");
    decDate = (buf, off, size) => numToDate(decNumber(buf, off, size));
    numToDate = (num) => num === void 0 ? void 0 : new Date(num * 1e3);
    decNumber = (buf, off, size) => Number(buf[off]) & 128 ? parse(buf.subarray(off, off + size)) : decSmallNumber(buf, off, size);
    nanUndef = (value) => isNaN(value) ? void 0 : value;
    decSmallNumber = (buf, off, size) => nanUndef(parseInt(buf.subarray(off, off + size).toString("utf8").replace(/\0.*$/, "").trim(), 8));
    MAXNUM = {
      12: 8589934591,
      8: 2097151
    };
    encNumber = (buf, off, size, num) => num === void 0 ? false : num > MAXNUM[size] || num < 0 ? (encode(num, buf.subarray(off, off + size)), true) : (encSmallNumber(buf, off, size, num), false);
    encSmallNumber = (buf, off, size, num) => buf.write(octalString(num, size), off, size, "ascii");
    octalString = (num, size) => padOctal(Math.floor(num).toString(8), size);
    padOctal = (str2, size) => (str2.length === size - 1 ? str2 : new Array(size - str2.length - 1).join("0") + str2 + " ") + "\0";
    encDate = (buf, off, size, date) => date === void 0 ? false : encNumber(buf, off, size, date.getTime() / 1e3);
    NULLS = new Array(156).join("\0");
    encString = (buf, off, size, str2) => str2 === void 0 ? false : (buf.write(str2 + NULLS, off, size, "utf8"), str2.length !== Buffer.byteLength(str2) || str2.length > size);
  }
});

// node_modules/tar/dist/esm/pax.js
var pax_exports = {};
__export(pax_exports, {
  Pax: () => Pax
});
var import_node_path3, Pax, merge, parseKV, parseKVLine;
var init_pax = __esm({
  "node_modules/tar/dist/esm/pax.js"() {
    import_node_path3 = require("node:path");
    init_header();
    Pax = class _Pax {
      atime;
      mtime;
      ctime;
      charset;
      comment;
      gid;
      uid;
      gname;
      uname;
      linkpath;
      dev;
      ino;
      nlink;
      path;
      size;
      mode;
      global;
      constructor(obj, global = false) {
        this.atime = obj.atime;
        this.charset = obj.charset;
        this.comment = obj.comment;
        this.ctime = obj.ctime;
        this.dev = obj.dev;
        this.gid = obj.gid;
        this.global = global;
        this.gname = obj.gname;
        this.ino = obj.ino;
        this.linkpath = obj.linkpath;
        this.mtime = obj.mtime;
        this.nlink = obj.nlink;
        this.path = obj.path;
        this.size = obj.size;
        this.uid = obj.uid;
        this.uname = obj.uname;
      }
      encode() {
        const body = this.encodeBody();
        if (body === "") {
          return Buffer.allocUnsafe(0);
        }
        const bodyLen = Buffer.byteLength(body);
        const bufLen = 512 * Math.ceil(1 + bodyLen / 512);
        const buf = Buffer.allocUnsafe(bufLen);
        for (let i = 0; i < 512; i++) {
          buf[i] = 0;
        }
        new Header({
          // XXX split the path
          // then the path should be PaxHeader + basename, but less than 99,
          // prepend with the dirname
          /* c8 ignore start */
          path: ("PaxHeader/" + (0, import_node_path3.basename)(this.path ?? "")).slice(0, 99),
          /* c8 ignore stop */
          mode: this.mode || 420,
          uid: this.uid,
          gid: this.gid,
          size: bodyLen,
          mtime: this.mtime,
          type: this.global ? "GlobalExtendedHeader" : "ExtendedHeader",
          linkpath: "",
          uname: this.uname || "",
          gname: this.gname || "",
          devmaj: 0,
          devmin: 0,
          atime: this.atime,
          ctime: this.ctime
        }).encode(buf);
        buf.write(body, 512, bodyLen, "utf8");
        for (let i = bodyLen + 512; i < buf.length; i++) {
          buf[i] = 0;
        }
        return buf;
      }
      encodeBody() {
        return this.encodeField("path") + this.encodeField("ctime") + this.encodeField("atime") + this.encodeField("dev") + this.encodeField("ino") + this.encodeField("nlink") + this.encodeField("charset") + this.encodeField("comment") + this.encodeField("gid") + this.encodeField("gname") + this.encodeField("linkpath") + this.encodeField("mtime") + this.encodeField("size") + this.encodeField("uid") + this.encodeField("uname");
      }
      encodeField(field) {
        if (this[field] === void 0) {
          return "";
        }
        const r = this[field];
        const v2 = r instanceof Date ? r.getTime() / 1e3 : r;
        const s3 = " " + (field === "dev" || field === "ino" || field === "nlink" ? "SCHILY." : "") + field + "=" + v2 + "\n";
        const byteLen = Buffer.byteLength(s3);
        let digits = Math.floor(Math.log(byteLen) / Math.log(10)) + 1;
        if (byteLen + digits >= Math.pow(10, digits)) {
          digits += 1;
        }
        const len = digits + byteLen;
        return len + s3;
      }
      static parse(str2, ex, g2 = false) {
        return new _Pax(merge(parseKV(str2), ex), g2);
      }
    };
    merge = (a, b2) => b2 ? Object.assign({}, b2, a) : a;
    parseKV = (str2) => str2.replace(/\n$/, "").split("\n").reduce(parseKVLine, /* @__PURE__ */ Object.create(null));
    parseKVLine = (set2, line) => {
      const n = parseInt(line, 10);
      if (n !== Buffer.byteLength(line) + 1) {
        return set2;
      }
      line = line.slice((n + " ").length);
      const kv = line.split("=");
      const r = kv.shift();
      if (!r) {
        return set2;
      }
      const k2 = r.replace(/^SCHILY\.(dev|ino|nlink)/, "$1");
      const v2 = kv.join("=").replace(/\0.*/, "");
      switch (k2) {
        case "path":
        case "linkpath":
        case "type":
        case "charset":
        case "comment":
        case "gname":
        case "uname":
          set2[k2] = v2;
          break;
        case "ctime":
        case "atime":
        case "mtime":
          set2[k2] = new Date(Number(v2) * 1e3);
          break;
        case "size":
          const s3 = +v2;
          if (s3 >= 0)
            set2[k2] = s3;
          break;
        case "gid":
        case "uid":
        case "dev":
        case "ino":
        case "nlink":
        case "mode":
          set2[k2] = +v2;
          break;
      }
      return set2;
    };
  }
});

// node_modules/@balena/dockerignore/ignore.js
var require_ignore = __commonJS({
  "node_modules/@balena/dockerignore/ignore.js"(exports2, module2) {
    "use strict";
    var path8 = require("path");
    var factory = (options) => new IgnoreBase(options);
    factory.default = factory;
    module2.exports = factory;
    function make_array(subject) {
      return Array.isArray(subject) ? subject : [subject];
    }
    var REGEX_TRAILING_SLASH = /(?<=.)\/$/;
    var REGEX_TRAILING_BACKSLASH = /(?<=.)\\$/;
    var REGEX_TRAILING_PATH_SEP = path8.sep === "\\" ? REGEX_TRAILING_BACKSLASH : REGEX_TRAILING_SLASH;
    var KEY_IGNORE = typeof Symbol !== "undefined" ? /* @__PURE__ */ Symbol.for("dockerignore") : "dockerignore";
    function cleanPath(file) {
      return path8.normalize(file).replace(REGEX_TRAILING_PATH_SEP, "");
    }
    function toSlash(file) {
      if (path8.sep === "/") {
        return file;
      }
      return file.replace(/\\/g, "/");
    }
    function fromSlash(file) {
      if (path8.sep === "/") {
        return file;
      }
      return file.replace(/\//g, path8.sep);
    }
    var IgnoreBase = class {
      constructor({
        // https://github.com/kaelzhang/node-ignore/blob/5.1.4/index.js#L372
        ignorecase = true
      } = {}) {
        this._rules = [];
        this._ignorecase = ignorecase;
        this[KEY_IGNORE] = true;
        this._initCache();
      }
      _initCache() {
        this._cache = {};
      }
      // @param {Array.<string>|string|Ignore} pattern
      add(pattern) {
        this._added = false;
        if (typeof pattern === "string") {
          pattern = pattern.split(/\r?\n/g);
        }
        make_array(pattern).forEach(this._addPattern, this);
        if (this._added) {
          this._initCache();
        }
        return this;
      }
      // legacy
      addPattern(pattern) {
        return this.add(pattern);
      }
      _addPattern(pattern) {
        if (pattern && pattern[KEY_IGNORE]) {
          this._rules = this._rules.concat(pattern._rules);
          this._added = true;
          return;
        }
        if (this._checkPattern(pattern)) {
          const rule = this._createRule(pattern.trim());
          if (rule !== null) {
            this._added = true;
            this._rules.push(rule);
          }
        }
      }
      _checkPattern(pattern) {
        return pattern && typeof pattern === "string" && pattern.indexOf("#") !== 0 && pattern.trim() !== "";
      }
      filter(paths) {
        return make_array(paths).filter((path9) => this._filter(path9));
      }
      createFilter() {
        return (path9) => this._filter(path9);
      }
      ignores(path9) {
        return !this._filter(path9);
      }
      // https://github.com/moby/moby/blob/v19.03.8/builder/dockerignore/dockerignore.go#L41-L53
      // https://github.com/moby/moby/blob/v19.03.8/pkg/fileutils/fileutils.go#L29-L55
      _createRule(pattern) {
        const origin = pattern;
        let negative = false;
        if (pattern[0] === "!") {
          negative = true;
          pattern = pattern.substring(1).trim();
        }
        if (pattern.length > 0) {
          pattern = cleanPath(pattern);
          pattern = toSlash(pattern);
          if (pattern.length > 1 && pattern[0] === "/") {
            pattern = pattern.slice(1);
          }
        }
        if (negative) {
          pattern = "!" + pattern;
        }
        pattern = pattern.trim();
        if (pattern === "") {
          return null;
        }
        pattern = cleanPath(pattern);
        if (pattern[0] === "!") {
          if (pattern.length === 1) {
            return null;
          }
          negative = true;
          pattern = pattern.substring(1);
        } else {
          negative = false;
        }
        return {
          origin,
          pattern,
          // https://github.com/moby/moby/blob/v19.03.8/pkg/fileutils/fileutils.go#L54
          dirs: pattern.split(path8.sep),
          negative
        };
      }
      // @returns `Boolean` true if the `path` is NOT ignored
      _filter(path9) {
        if (!path9) {
          return false;
        }
        if (path9 in this._cache) {
          return this._cache[path9];
        }
        return this._cache[path9] = this._test(path9);
      }
      // @returns {Boolean} true if a file is NOT ignored
      // https://github.com/moby/moby/blob/v19.03.8/pkg/fileutils/fileutils.go#L62
      _test(file) {
        file = fromSlash(file);
        const parentPath = cleanPath(path8.dirname(file));
        const parentPathDirs = parentPath.split(path8.sep);
        let matched = false;
        this._rules.forEach((rule) => {
          let match = this._match(file, rule);
          if (!match && parentPath !== ".") {
            if (rule.dirs.includes("**")) {
              for (let i = rule.dirs.filter((x) => x !== "**").length; i <= parentPathDirs.length; i++) {
                match = match || this._match(parentPathDirs.slice(0, i).join(path8.sep), rule);
              }
            } else if (rule.dirs.length <= parentPathDirs.length) {
              match = this._match(parentPathDirs.slice(0, rule.dirs.length).join(path8.sep), rule);
            }
          }
          if (match) {
            matched = !rule.negative;
          }
        });
        return !matched;
      }
      // @returns {Boolean} true if a file is matched by a rule
      _match(file, rule) {
        return this._compile(rule).regexp.test(file);
      }
      // https://github.com/moby/moby/blob/v19.03.8/pkg/fileutils/fileutils.go#L139
      _compile(rule) {
        if (rule.regexp) {
          return rule;
        }
        let regStr = "^";
        let escapedSlash = path8.sep === "\\" ? "\\\\" : path8.sep;
        for (let i = 0; i < rule.pattern.length; i++) {
          const ch = rule.pattern[i];
          if (ch === "*") {
            if (rule.pattern[i + 1] === "*") {
              i++;
              if (rule.pattern[i + 1] === path8.sep) {
                i++;
              }
              if (rule.pattern[i + 1] === void 0) {
                regStr += ".*";
              } else {
                regStr += `(.*${escapedSlash})?`;
              }
            } else {
              regStr += `[^${escapedSlash}]*`;
            }
          } else if (ch === "?") {
            regStr += `[^${escapedSlash}]`;
          } else if (ch === "." || ch === "$") {
            regStr += `\\${ch}`;
          } else if (ch === "\\") {
            if (path8.sep === "\\") {
              regStr += escapedSlash;
              continue;
            }
            if (rule.pattern[i + 1] !== void 0) {
              regStr += "\\" + rule.pattern[i + 1];
              i++;
            } else {
              regStr += "\\";
            }
          } else {
            regStr += ch;
          }
        }
        regStr += "$";
        rule.regexp = new RegExp(regStr, this._ignorecase ? "i" : "");
        return rule;
      }
    };
  }
});

// scripts/no-compression.ts
var no_compression_exports = {};
__export(no_compression_exports, {
  BrotliCompress: () => Refused,
  BrotliDecompress: () => Refused,
  Gzip: () => Refused,
  Unzip: () => Refused,
  ZstdCompress: () => Refused,
  ZstdDecompress: () => Refused,
  extensionName: () => extensionName
});
function Refused() {
  throw new Error("what is compressed is not read");
}
var extensionName;
var init_no_compression = __esm({
  "scripts/no-compression.ts"() {
    extensionName = "permessage-deflate";
  }
});

// node_modules/ws/lib/constants.js
var require_constants = __commonJS({
  "node_modules/ws/lib/constants.js"(exports2, module2) {
    "use strict";
    var BINARY_TYPES = ["nodebuffer", "arraybuffer", "fragments"];
    var hasBlob = typeof Blob !== "undefined";
    if (hasBlob) BINARY_TYPES.push("blob");
    module2.exports = {
      BINARY_TYPES,
      CLOSE_TIMEOUT: 3e4,
      EMPTY_BUFFER: Buffer.alloc(0),
      GUID: "258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
      hasBlob,
      kForOnEventAttribute: /* @__PURE__ */ Symbol("kIsForOnEventAttribute"),
      kListener: /* @__PURE__ */ Symbol("kListener"),
      kStatusCode: /* @__PURE__ */ Symbol("status-code"),
      kWebSocket: /* @__PURE__ */ Symbol("websocket"),
      NOOP: () => {
      }
    };
  }
});

// node_modules/ws/lib/buffer-util.js
var require_buffer_util = __commonJS({
  "node_modules/ws/lib/buffer-util.js"(exports2, module2) {
    "use strict";
    var { websocketMask, websocketUnmask } = require("http");
    var { EMPTY_BUFFER } = require_constants();
    var FastBuffer = Buffer[Symbol.species];
    function concat(list, totalLength) {
      if (list.length === 0) return EMPTY_BUFFER;
      if (list.length === 1) return list[0];
      const target = Buffer.allocUnsafe(totalLength);
      let offset = 0;
      for (let i = 0; i < list.length; i++) {
        const buf = list[i];
        target.set(buf, offset);
        offset += buf.length;
      }
      if (offset < totalLength) {
        return new FastBuffer(target.buffer, target.byteOffset, offset);
      }
      return target;
    }
    function _mask(source, mask, output, offset, length) {
      for (let i = 0; i < length; i++) {
        output[offset + i] = source[i] ^ mask[i & 3];
      }
    }
    function _unmask(buffer, mask) {
      for (let i = 0; i < buffer.length; i++) {
        buffer[i] ^= mask[i & 3];
      }
    }
    function toArrayBuffer(buf) {
      if (buf.length === buf.buffer.byteLength) {
        return buf.buffer;
      }
      return buf.buffer.slice(buf.byteOffset, buf.byteOffset + buf.length);
    }
    function toBuffer(data) {
      toBuffer.readOnly = true;
      if (Buffer.isBuffer(data)) return data;
      let buf;
      if (data instanceof ArrayBuffer) {
        buf = new FastBuffer(data);
      } else if (ArrayBuffer.isView(data)) {
        buf = new FastBuffer(data.buffer, data.byteOffset, data.byteLength);
      } else {
        buf = Buffer.from(data);
        toBuffer.readOnly = false;
      }
      return buf;
    }
    module2.exports = {
      concat,
      mask: _mask,
      toArrayBuffer,
      toBuffer,
      unmask: _unmask
    };
    if (websocketMask) {
      module2.exports.mask = function(source, mask, output, offset, length) {
        if (length < 24) _mask(source, mask, output, offset, length);
        else websocketMask(source, mask, output, offset, length);
      };
      module2.exports.unmask = function(buffer, mask) {
        if (buffer.length < 24) _unmask(buffer, mask);
        else websocketUnmask(buffer, mask);
      };
    } else if (!process.env.WS_NO_BUFFER_UTIL) {
      try {
        const bufferUtil = require("bufferutil");
        module2.exports.mask = function(source, mask, output, offset, length) {
          if (length < 48) _mask(source, mask, output, offset, length);
          else bufferUtil.mask(source, mask, output, offset, length);
        };
        module2.exports.unmask = function(buffer, mask) {
          if (buffer.length < 32) _unmask(buffer, mask);
          else bufferUtil.unmask(buffer, mask);
        };
      } catch (e) {
      }
    }
  }
});

// node_modules/ws/lib/validation.js
var require_validation = __commonJS({
  "node_modules/ws/lib/validation.js"(exports2, module2) {
    "use strict";
    var { isUtf8 } = require("buffer");
    var { hasBlob } = require_constants();
    var tokenChars = [
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      // 0 - 15
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      // 16 - 31
      0,
      1,
      0,
      1,
      1,
      1,
      1,
      1,
      0,
      0,
      1,
      1,
      0,
      1,
      1,
      0,
      // 32 - 47
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      // 48 - 63
      0,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      // 64 - 79
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      0,
      0,
      0,
      1,
      1,
      // 80 - 95
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      // 96 - 111
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      1,
      0,
      1,
      0,
      1,
      0
      // 112 - 127
    ];
    function isValidStatusCode(code3) {
      return code3 >= 1e3 && code3 <= 1014 && code3 !== 1004 && code3 !== 1005 && code3 !== 1006 || code3 >= 3e3 && code3 <= 4999;
    }
    function _isValidUTF8(buf) {
      const len = buf.length;
      let i = 0;
      while (i < len) {
        if ((buf[i] & 128) === 0) {
          i++;
        } else if ((buf[i] & 224) === 192) {
          if (i + 1 === len || (buf[i + 1] & 192) !== 128 || (buf[i] & 254) === 192) {
            return false;
          }
          i += 2;
        } else if ((buf[i] & 240) === 224) {
          if (i + 2 >= len || (buf[i + 1] & 192) !== 128 || (buf[i + 2] & 192) !== 128 || buf[i] === 224 && (buf[i + 1] & 224) === 128 || // Overlong
          buf[i] === 237 && (buf[i + 1] & 224) === 160) {
            return false;
          }
          i += 3;
        } else if ((buf[i] & 248) === 240) {
          if (i + 3 >= len || (buf[i + 1] & 192) !== 128 || (buf[i + 2] & 192) !== 128 || (buf[i + 3] & 192) !== 128 || buf[i] === 240 && (buf[i + 1] & 240) === 128 || // Overlong
          buf[i] === 244 && buf[i + 1] > 143 || buf[i] > 244) {
            return false;
          }
          i += 4;
        } else {
          return false;
        }
      }
      return true;
    }
    function isBlob(value) {
      return hasBlob && typeof value === "object" && typeof value.arrayBuffer === "function" && typeof value.type === "string" && typeof value.stream === "function" && (value[Symbol.toStringTag] === "Blob" || value[Symbol.toStringTag] === "File");
    }
    module2.exports = {
      isBlob,
      isValidStatusCode,
      isValidUTF8: _isValidUTF8,
      tokenChars
    };
    if (isUtf8) {
      module2.exports.isValidUTF8 = function(buf) {
        return buf.length < 24 ? _isValidUTF8(buf) : isUtf8(buf);
      };
    } else if (!process.env.WS_NO_UTF_8_VALIDATE) {
      try {
        const isValidUTF8 = require("utf-8-validate");
        module2.exports.isValidUTF8 = function(buf) {
          return buf.length < 32 ? _isValidUTF8(buf) : isValidUTF8(buf);
        };
      } catch (e) {
      }
    }
  }
});

// node_modules/ws/lib/receiver.js
var require_receiver = __commonJS({
  "node_modules/ws/lib/receiver.js"(exports2, module2) {
    "use strict";
    var { Writable } = require("stream");
    var PerMessageDeflate = (init_no_compression(), __toCommonJS(no_compression_exports));
    var {
      BINARY_TYPES,
      EMPTY_BUFFER,
      kStatusCode,
      kWebSocket
    } = require_constants();
    var { concat, toArrayBuffer, unmask } = require_buffer_util();
    var { isValidStatusCode, isValidUTF8 } = require_validation();
    var FastBuffer = Buffer[Symbol.species];
    var GET_INFO = 0;
    var GET_PAYLOAD_LENGTH_16 = 1;
    var GET_PAYLOAD_LENGTH_64 = 2;
    var GET_MASK = 3;
    var GET_DATA = 4;
    var INFLATING = 5;
    var DEFER_EVENT = 6;
    var Receiver = class extends Writable {
      /**
       * Creates a Receiver instance.
       *
       * @param {Object} [options] Options object
       * @param {Boolean} [options.allowSynchronousEvents=true] Specifies whether
       *     any of the `'message'`, `'ping'`, and `'pong'` events can be emitted
       *     multiple times in the same tick
       * @param {String} [options.binaryType=nodebuffer] The type for binary data
       * @param {Object} [options.extensions] An object containing the negotiated
       *     extensions
       * @param {Boolean} [options.isServer=false] Specifies whether to operate in
       *     client or server mode
       * @param {Number} [options.maxBufferedChunks=0] The maximum number of
       *     buffered data chunks
       * @param {Number} [options.maxFragments=0] The maximum number of message
       *     fragments
       * @param {Number} [options.maxPayload=0] The maximum allowed message length
       * @param {Boolean} [options.skipUTF8Validation=false] Specifies whether or
       *     not to skip UTF-8 validation for text and close messages
       */
      constructor(options = {}) {
        super();
        this._allowSynchronousEvents = options.allowSynchronousEvents !== void 0 ? options.allowSynchronousEvents : true;
        this._binaryType = options.binaryType || BINARY_TYPES[0];
        this._extensions = options.extensions || {};
        this._isServer = !!options.isServer;
        this._maxBufferedChunks = options.maxBufferedChunks | 0;
        this._maxFragments = options.maxFragments | 0;
        this._maxPayload = options.maxPayload | 0;
        this._skipUTF8Validation = !!options.skipUTF8Validation;
        this[kWebSocket] = void 0;
        this._bufferedBytes = 0;
        this._buffers = [];
        this._compressed = false;
        this._payloadLength = 0;
        this._mask = void 0;
        this._fragmented = 0;
        this._masked = false;
        this._fin = false;
        this._opcode = 0;
        this._totalPayloadLength = 0;
        this._messageLength = 0;
        this._numFragments = 0;
        this._fragments = [];
        this._errored = false;
        this._loop = false;
        this._state = GET_INFO;
      }
      /**
       * Implements `Writable.prototype._write()`.
       *
       * @param {Buffer} chunk The chunk of data to write
       * @param {String} encoding The character encoding of `chunk`
       * @param {Function} cb Callback
       * @private
       */
      _write(chunk, encoding, cb) {
        if (this._opcode === 8 && this._state == GET_INFO) return cb();
        if (this._maxBufferedChunks > 0 && this._buffers.length >= this._maxBufferedChunks) {
          cb(
            this.createError(
              RangeError,
              "Too many buffered chunks",
              false,
              1008,
              "WS_ERR_TOO_MANY_BUFFERED_PARTS"
            )
          );
          return;
        }
        this._bufferedBytes += chunk.length;
        this._buffers.push(chunk);
        this.startLoop(cb);
      }
      /**
       * Consumes `n` bytes from the buffered data.
       *
       * @param {Number} n The number of bytes to consume
       * @return {Buffer} The consumed bytes
       * @private
       */
      consume(n) {
        this._bufferedBytes -= n;
        if (n === this._buffers[0].length) return this._buffers.shift();
        if (n < this._buffers[0].length) {
          const buf = this._buffers[0];
          this._buffers[0] = new FastBuffer(
            buf.buffer,
            buf.byteOffset + n,
            buf.length - n
          );
          return new FastBuffer(buf.buffer, buf.byteOffset, n);
        }
        const dst = Buffer.allocUnsafe(n);
        do {
          const buf = this._buffers[0];
          const offset = dst.length - n;
          if (n >= buf.length) {
            dst.set(this._buffers.shift(), offset);
          } else {
            dst.set(new Uint8Array(buf.buffer, buf.byteOffset, n), offset);
            this._buffers[0] = new FastBuffer(
              buf.buffer,
              buf.byteOffset + n,
              buf.length - n
            );
          }
          n -= buf.length;
        } while (n > 0);
        return dst;
      }
      /**
       * Starts the parsing loop.
       *
       * @param {Function} cb Callback
       * @private
       */
      startLoop(cb) {
        this._loop = true;
        do {
          switch (this._state) {
            case GET_INFO:
              this.getInfo(cb);
              break;
            case GET_PAYLOAD_LENGTH_16:
              this.getPayloadLength16(cb);
              break;
            case GET_PAYLOAD_LENGTH_64:
              this.getPayloadLength64(cb);
              break;
            case GET_MASK:
              this.getMask();
              break;
            case GET_DATA:
              this.getData(cb);
              break;
            case INFLATING:
            case DEFER_EVENT:
              this._loop = false;
              return;
          }
        } while (this._loop);
        if (!this._errored) cb();
      }
      /**
       * Reads the first two bytes of a frame.
       *
       * @param {Function} cb Callback
       * @private
       */
      getInfo(cb) {
        if (this._bufferedBytes < 2) {
          this._loop = false;
          return;
        }
        const buf = this.consume(2);
        if ((buf[0] & 48) !== 0) {
          const error2 = this.createError(
            RangeError,
            "RSV2 and RSV3 must be clear",
            true,
            1002,
            "WS_ERR_UNEXPECTED_RSV_2_3"
          );
          cb(error2);
          return;
        }
        const compressed = (buf[0] & 64) === 64;
        if (compressed && !this._extensions[PerMessageDeflate.extensionName]) {
          const error2 = this.createError(
            RangeError,
            "RSV1 must be clear",
            true,
            1002,
            "WS_ERR_UNEXPECTED_RSV_1"
          );
          cb(error2);
          return;
        }
        this._fin = (buf[0] & 128) === 128;
        this._opcode = buf[0] & 15;
        this._payloadLength = buf[1] & 127;
        if (this._opcode === 0) {
          if (compressed) {
            const error2 = this.createError(
              RangeError,
              "RSV1 must be clear",
              true,
              1002,
              "WS_ERR_UNEXPECTED_RSV_1"
            );
            cb(error2);
            return;
          }
          if (!this._fragmented) {
            const error2 = this.createError(
              RangeError,
              "invalid opcode 0",
              true,
              1002,
              "WS_ERR_INVALID_OPCODE"
            );
            cb(error2);
            return;
          }
          this._opcode = this._fragmented;
        } else if (this._opcode === 1 || this._opcode === 2) {
          if (this._fragmented) {
            const error2 = this.createError(
              RangeError,
              `invalid opcode ${this._opcode}`,
              true,
              1002,
              "WS_ERR_INVALID_OPCODE"
            );
            cb(error2);
            return;
          }
          this._compressed = compressed;
        } else if (this._opcode > 7 && this._opcode < 11) {
          if (!this._fin) {
            const error2 = this.createError(
              RangeError,
              "FIN must be set",
              true,
              1002,
              "WS_ERR_EXPECTED_FIN"
            );
            cb(error2);
            return;
          }
          if (compressed) {
            const error2 = this.createError(
              RangeError,
              "RSV1 must be clear",
              true,
              1002,
              "WS_ERR_UNEXPECTED_RSV_1"
            );
            cb(error2);
            return;
          }
          if (this._payloadLength > 125 || this._opcode === 8 && this._payloadLength === 1) {
            const error2 = this.createError(
              RangeError,
              `invalid payload length ${this._payloadLength}`,
              true,
              1002,
              "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH"
            );
            cb(error2);
            return;
          }
        } else {
          const error2 = this.createError(
            RangeError,
            `invalid opcode ${this._opcode}`,
            true,
            1002,
            "WS_ERR_INVALID_OPCODE"
          );
          cb(error2);
          return;
        }
        if (!this._fin && !this._fragmented) this._fragmented = this._opcode;
        this._masked = (buf[1] & 128) === 128;
        if (this._isServer) {
          if (!this._masked) {
            const error2 = this.createError(
              RangeError,
              "MASK must be set",
              true,
              1002,
              "WS_ERR_EXPECTED_MASK"
            );
            cb(error2);
            return;
          }
        } else if (this._masked) {
          const error2 = this.createError(
            RangeError,
            "MASK must be clear",
            true,
            1002,
            "WS_ERR_UNEXPECTED_MASK"
          );
          cb(error2);
          return;
        }
        if (this._payloadLength === 126) this._state = GET_PAYLOAD_LENGTH_16;
        else if (this._payloadLength === 127) this._state = GET_PAYLOAD_LENGTH_64;
        else this.haveLength(cb);
      }
      /**
       * Gets extended payload length (7+16).
       *
       * @param {Function} cb Callback
       * @private
       */
      getPayloadLength16(cb) {
        if (this._bufferedBytes < 2) {
          this._loop = false;
          return;
        }
        this._payloadLength = this.consume(2).readUInt16BE(0);
        this.haveLength(cb);
      }
      /**
       * Gets extended payload length (7+64).
       *
       * @param {Function} cb Callback
       * @private
       */
      getPayloadLength64(cb) {
        if (this._bufferedBytes < 8) {
          this._loop = false;
          return;
        }
        const buf = this.consume(8);
        const num = buf.readUInt32BE(0);
        if (num > Math.pow(2, 53 - 32) - 1) {
          const error2 = this.createError(
            RangeError,
            "Unsupported WebSocket frame: payload length > 2^53 - 1",
            false,
            1009,
            "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH"
          );
          cb(error2);
          return;
        }
        this._payloadLength = num * Math.pow(2, 32) + buf.readUInt32BE(4);
        this.haveLength(cb);
      }
      /**
       * Payload length has been read.
       *
       * @param {Function} cb Callback
       * @private
       */
      haveLength(cb) {
        if (this._payloadLength && this._opcode < 8) {
          this._totalPayloadLength += this._payloadLength;
          if (this._totalPayloadLength > this._maxPayload && this._maxPayload > 0) {
            const error2 = this.createError(
              RangeError,
              "Max payload size exceeded",
              false,
              1009,
              "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"
            );
            cb(error2);
            return;
          }
        }
        if (this._masked) this._state = GET_MASK;
        else this._state = GET_DATA;
      }
      /**
       * Reads mask bytes.
       *
       * @private
       */
      getMask() {
        if (this._bufferedBytes < 4) {
          this._loop = false;
          return;
        }
        this._mask = this.consume(4);
        this._state = GET_DATA;
      }
      /**
       * Reads data bytes.
       *
       * @param {Function} cb Callback
       * @private
       */
      getData(cb) {
        let data = EMPTY_BUFFER;
        if (this._payloadLength) {
          if (this._bufferedBytes < this._payloadLength) {
            this._loop = false;
            return;
          }
          data = this.consume(this._payloadLength);
          if (this._masked && (this._mask[0] | this._mask[1] | this._mask[2] | this._mask[3]) !== 0) {
            unmask(data, this._mask);
          }
        }
        this._mask = void 0;
        if (this._opcode > 7) {
          this.controlMessage(data, cb);
          return;
        }
        if (this._maxFragments > 0 && ++this._numFragments > this._maxFragments) {
          const error2 = this.createError(
            RangeError,
            "Too many message fragments",
            false,
            1008,
            "WS_ERR_TOO_MANY_BUFFERED_PARTS"
          );
          cb(error2);
          return;
        }
        if (this._compressed) {
          this._state = INFLATING;
          this.decompress(data, cb);
          return;
        }
        if (data.length) {
          this._messageLength = this._totalPayloadLength;
          this._fragments.push(data);
        }
        this.dataMessage(cb);
      }
      /**
       * Decompresses data.
       *
       * @param {Buffer} data Compressed data
       * @param {Function} cb Callback
       * @private
       */
      decompress(data, cb) {
        const perMessageDeflate = this._extensions[PerMessageDeflate.extensionName];
        perMessageDeflate.decompress(data, this._fin, (err, buf) => {
          if (err) return cb(err);
          if (buf.length) {
            this._messageLength += buf.length;
            if (this._messageLength > this._maxPayload && this._maxPayload > 0) {
              const error2 = this.createError(
                RangeError,
                "Max payload size exceeded",
                false,
                1009,
                "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"
              );
              cb(error2);
              return;
            }
            this._fragments.push(buf);
          }
          this.dataMessage(cb);
          if (this._state === GET_INFO) this.startLoop(cb);
        });
      }
      /**
       * Handles a data message.
       *
       * @param {Function} cb Callback
       * @private
       */
      dataMessage(cb) {
        if (!this._fin) {
          this._state = GET_INFO;
          return;
        }
        const messageLength = this._messageLength;
        const fragments = this._fragments;
        this._totalPayloadLength = 0;
        this._messageLength = 0;
        this._fragmented = 0;
        this._numFragments = 0;
        this._fragments = [];
        if (this._opcode === 2) {
          let data;
          if (this._binaryType === "nodebuffer") {
            data = concat(fragments, messageLength);
          } else if (this._binaryType === "arraybuffer") {
            data = toArrayBuffer(concat(fragments, messageLength));
          } else if (this._binaryType === "blob") {
            data = new Blob(fragments);
          } else {
            data = fragments;
          }
          if (this._allowSynchronousEvents) {
            this.emit("message", data, true);
            this._state = GET_INFO;
          } else {
            this._state = DEFER_EVENT;
            setImmediate(() => {
              this.emit("message", data, true);
              this._state = GET_INFO;
              this.startLoop(cb);
            });
          }
        } else {
          const buf = concat(fragments, messageLength);
          if (!this._skipUTF8Validation && !isValidUTF8(buf)) {
            const error2 = this.createError(
              Error,
              "invalid UTF-8 sequence",
              true,
              1007,
              "WS_ERR_INVALID_UTF8"
            );
            cb(error2);
            return;
          }
          if (this._state === INFLATING || this._allowSynchronousEvents) {
            this.emit("message", buf, false);
            this._state = GET_INFO;
          } else {
            this._state = DEFER_EVENT;
            setImmediate(() => {
              this.emit("message", buf, false);
              this._state = GET_INFO;
              this.startLoop(cb);
            });
          }
        }
      }
      /**
       * Handles a control message.
       *
       * @param {Buffer} data Data to handle
       * @return {(Error|RangeError|undefined)} A possible error
       * @private
       */
      controlMessage(data, cb) {
        if (this._opcode === 8) {
          if (data.length === 0) {
            this._loop = false;
            this.emit("conclude", 1005, EMPTY_BUFFER);
            this.end();
          } else {
            const code3 = data.readUInt16BE(0);
            if (!isValidStatusCode(code3)) {
              const error2 = this.createError(
                RangeError,
                `invalid status code ${code3}`,
                true,
                1002,
                "WS_ERR_INVALID_CLOSE_CODE"
              );
              cb(error2);
              return;
            }
            const buf = new FastBuffer(
              data.buffer,
              data.byteOffset + 2,
              data.length - 2
            );
            if (!this._skipUTF8Validation && !isValidUTF8(buf)) {
              const error2 = this.createError(
                Error,
                "invalid UTF-8 sequence",
                true,
                1007,
                "WS_ERR_INVALID_UTF8"
              );
              cb(error2);
              return;
            }
            this._loop = false;
            this.emit("conclude", code3, buf);
            this.end();
          }
          this._state = GET_INFO;
          return;
        }
        if (this._allowSynchronousEvents) {
          this.emit(this._opcode === 9 ? "ping" : "pong", data);
          this._state = GET_INFO;
        } else {
          this._state = DEFER_EVENT;
          setImmediate(() => {
            this.emit(this._opcode === 9 ? "ping" : "pong", data);
            this._state = GET_INFO;
            this.startLoop(cb);
          });
        }
      }
      /**
       * Builds an error object.
       *
       * @param {function(new:Error|RangeError)} ErrorCtor The error constructor
       * @param {String} message The error message
       * @param {Boolean} prefix Specifies whether or not to add a default prefix to
       *     `message`
       * @param {Number} statusCode The status code
       * @param {String} errorCode The exposed error code
       * @return {(Error|RangeError)} The error
       * @private
       */
      createError(ErrorCtor, message, prefix, statusCode, errorCode) {
        this._loop = false;
        this._errored = true;
        const err = new ErrorCtor(
          prefix ? `Invalid WebSocket frame: ${message}` : message
        );
        Error.captureStackTrace(err, this.createError);
        err.code = errorCode;
        err[kStatusCode] = statusCode;
        return err;
      }
    };
    module2.exports = Receiver;
  }
});

// node_modules/ws/lib/sender.js
var require_sender = __commonJS({
  "node_modules/ws/lib/sender.js"(exports2, module2) {
    "use strict";
    var { Duplex: Duplex2 } = require("stream");
    var { randomFillSync } = require("crypto");
    var {
      types: { isUint8Array }
    } = require("util");
    var PerMessageDeflate = (init_no_compression(), __toCommonJS(no_compression_exports));
    var { EMPTY_BUFFER, kWebSocket, NOOP } = require_constants();
    var { isBlob, isValidStatusCode } = require_validation();
    var { mask: applyMask, toBuffer } = require_buffer_util();
    var kByteLength = /* @__PURE__ */ Symbol("kByteLength");
    var maskBuffer = Buffer.alloc(4);
    var RANDOM_POOL_SIZE = 8 * 1024;
    var randomPool;
    var randomPoolPointer = RANDOM_POOL_SIZE;
    var DEFAULT = 0;
    var DEFLATING = 1;
    var GET_BLOB_DATA = 2;
    var Sender = class _Sender {
      /**
       * Creates a Sender instance.
       *
       * @param {Duplex} socket The connection socket
       * @param {Object} [extensions] An object containing the negotiated extensions
       * @param {Function} [generateMask] The function used to generate the masking
       *     key
       */
      constructor(socket, extensions, generateMask) {
        this._extensions = extensions || {};
        if (generateMask) {
          this._generateMask = generateMask;
          this._maskBuffer = Buffer.alloc(4);
        }
        this._socket = socket;
        this._firstFragment = true;
        this._compress = false;
        this._bufferedBytes = 0;
        this._queue = [];
        this._state = DEFAULT;
        this.onerror = NOOP;
        this[kWebSocket] = void 0;
      }
      /**
       * Frames a piece of data according to the HyBi WebSocket protocol.
       *
       * @param {(Buffer|String)} data The data to frame
       * @param {Object} options Options object
       * @param {Boolean} [options.fin=false] Specifies whether or not to set the
       *     FIN bit
       * @param {Function} [options.generateMask] The function used to generate the
       *     masking key
       * @param {Boolean} [options.mask=false] Specifies whether or not to mask
       *     `data`
       * @param {Buffer} [options.maskBuffer] The buffer used to store the masking
       *     key
       * @param {Number} options.opcode The opcode
       * @param {Boolean} [options.readOnly=false] Specifies whether `data` can be
       *     modified
       * @param {Boolean} [options.rsv1=false] Specifies whether or not to set the
       *     RSV1 bit
       * @return {(Buffer|String)[]} The framed data
       * @public
       */
      static frame(data, options) {
        let mask;
        let merge4 = false;
        let offset = 2;
        let skipMasking = false;
        if (options.mask) {
          mask = options.maskBuffer || maskBuffer;
          if (options.generateMask) {
            options.generateMask(mask);
          } else {
            if (randomPoolPointer === RANDOM_POOL_SIZE) {
              if (randomPool === void 0) {
                randomPool = Buffer.alloc(RANDOM_POOL_SIZE);
              }
              randomFillSync(randomPool, 0, RANDOM_POOL_SIZE);
              randomPoolPointer = 0;
            }
            mask[0] = randomPool[randomPoolPointer++];
            mask[1] = randomPool[randomPoolPointer++];
            mask[2] = randomPool[randomPoolPointer++];
            mask[3] = randomPool[randomPoolPointer++];
          }
          skipMasking = (mask[0] | mask[1] | mask[2] | mask[3]) === 0;
          offset = 6;
        }
        let dataLength;
        if (typeof data === "string") {
          if ((!options.mask || skipMasking) && options[kByteLength] !== void 0) {
            dataLength = options[kByteLength];
          } else {
            data = Buffer.from(data);
            dataLength = data.length;
          }
        } else {
          dataLength = data.length;
          merge4 = options.mask && options.readOnly && !skipMasking;
        }
        let payloadLength = dataLength;
        if (dataLength >= 65536) {
          offset += 8;
          payloadLength = 127;
        } else if (dataLength > 125) {
          offset += 2;
          payloadLength = 126;
        }
        const target = Buffer.allocUnsafe(merge4 ? dataLength + offset : offset);
        target[0] = options.fin ? options.opcode | 128 : options.opcode;
        if (options.rsv1) target[0] |= 64;
        target[1] = payloadLength;
        if (payloadLength === 126) {
          target.writeUInt16BE(dataLength, 2);
        } else if (payloadLength === 127) {
          target[2] = target[3] = 0;
          target.writeUIntBE(dataLength, 4, 6);
        }
        if (!options.mask) {
          return dataLength ? [target, data] : [target];
        }
        target[1] |= 128;
        target[offset - 4] = mask[0];
        target[offset - 3] = mask[1];
        target[offset - 2] = mask[2];
        target[offset - 1] = mask[3];
        if (!dataLength) return [target];
        if (skipMasking) return [target, data];
        if (merge4) {
          applyMask(data, mask, target, offset, dataLength);
          return [target];
        }
        applyMask(data, mask, data, 0, dataLength);
        return [target, data];
      }
      /**
       * Sends a close message to the other peer.
       *
       * @param {Number} [code] The status code component of the body
       * @param {(String|Buffer)} [data] The message component of the body
       * @param {Boolean} [mask=false] Specifies whether or not to mask the message
       * @param {Function} [cb] Callback
       * @public
       */
      close(code3, data, mask, cb) {
        let buf;
        if (code3 === void 0) {
          buf = EMPTY_BUFFER;
        } else if (typeof code3 !== "number" || !isValidStatusCode(code3)) {
          throw new TypeError("First argument must be a valid error code number");
        } else if (data === void 0 || !data.length) {
          buf = Buffer.allocUnsafe(2);
          buf.writeUInt16BE(code3, 0);
        } else {
          const length = Buffer.byteLength(data);
          if (length > 123) {
            throw new RangeError("The message must not be greater than 123 bytes");
          }
          buf = Buffer.allocUnsafe(2 + length);
          buf.writeUInt16BE(code3, 0);
          if (typeof data === "string") {
            buf.write(data, 2);
          } else if (isUint8Array(data)) {
            buf.set(data, 2);
          } else {
            throw new TypeError("Second argument must be a string or a Uint8Array");
          }
        }
        const options = {
          [kByteLength]: buf.length,
          fin: true,
          generateMask: this._generateMask,
          mask,
          maskBuffer: this._maskBuffer,
          opcode: 8,
          readOnly: false,
          rsv1: false
        };
        if (this._state !== DEFAULT) {
          this.enqueue([this.dispatch, buf, false, options, cb]);
        } else {
          this.sendFrame(_Sender.frame(buf, options), cb);
        }
      }
      /**
       * Sends a ping message to the other peer.
       *
       * @param {*} data The message to send
       * @param {Boolean} [mask=false] Specifies whether or not to mask `data`
       * @param {Function} [cb] Callback
       * @public
       */
      ping(data, mask, cb) {
        let byteLength;
        let readOnly;
        if (typeof data === "string") {
          byteLength = Buffer.byteLength(data);
          readOnly = false;
        } else if (isBlob(data)) {
          byteLength = data.size;
          readOnly = false;
        } else {
          data = toBuffer(data);
          byteLength = data.length;
          readOnly = toBuffer.readOnly;
        }
        if (byteLength > 125) {
          throw new RangeError("The data size must not be greater than 125 bytes");
        }
        const options = {
          [kByteLength]: byteLength,
          fin: true,
          generateMask: this._generateMask,
          mask,
          maskBuffer: this._maskBuffer,
          opcode: 9,
          readOnly,
          rsv1: false
        };
        if (isBlob(data)) {
          if (this._state !== DEFAULT) {
            this.enqueue([this.getBlobData, data, false, options, cb]);
          } else {
            this.getBlobData(data, false, options, cb);
          }
        } else if (this._state !== DEFAULT) {
          this.enqueue([this.dispatch, data, false, options, cb]);
        } else {
          this.sendFrame(_Sender.frame(data, options), cb);
        }
      }
      /**
       * Sends a pong message to the other peer.
       *
       * @param {*} data The message to send
       * @param {Boolean} [mask=false] Specifies whether or not to mask `data`
       * @param {Function} [cb] Callback
       * @public
       */
      pong(data, mask, cb) {
        let byteLength;
        let readOnly;
        if (typeof data === "string") {
          byteLength = Buffer.byteLength(data);
          readOnly = false;
        } else if (isBlob(data)) {
          byteLength = data.size;
          readOnly = false;
        } else {
          data = toBuffer(data);
          byteLength = data.length;
          readOnly = toBuffer.readOnly;
        }
        if (byteLength > 125) {
          throw new RangeError("The data size must not be greater than 125 bytes");
        }
        const options = {
          [kByteLength]: byteLength,
          fin: true,
          generateMask: this._generateMask,
          mask,
          maskBuffer: this._maskBuffer,
          opcode: 10,
          readOnly,
          rsv1: false
        };
        if (isBlob(data)) {
          if (this._state !== DEFAULT) {
            this.enqueue([this.getBlobData, data, false, options, cb]);
          } else {
            this.getBlobData(data, false, options, cb);
          }
        } else if (this._state !== DEFAULT) {
          this.enqueue([this.dispatch, data, false, options, cb]);
        } else {
          this.sendFrame(_Sender.frame(data, options), cb);
        }
      }
      /**
       * Sends a data message to the other peer.
       *
       * @param {*} data The message to send
       * @param {Object} options Options object
       * @param {Boolean} [options.binary=false] Specifies whether `data` is binary
       *     or text
       * @param {Boolean} [options.compress=false] Specifies whether or not to
       *     compress `data`
       * @param {Boolean} [options.fin=false] Specifies whether the fragment is the
       *     last one
       * @param {Boolean} [options.mask=false] Specifies whether or not to mask
       *     `data`
       * @param {Function} [cb] Callback
       * @public
       */
      send(data, options, cb) {
        const perMessageDeflate = this._extensions[PerMessageDeflate.extensionName];
        let opcode = options.binary ? 2 : 1;
        let rsv1 = options.compress;
        let byteLength;
        let readOnly;
        if (typeof data === "string") {
          byteLength = Buffer.byteLength(data);
          readOnly = false;
        } else if (isBlob(data)) {
          byteLength = data.size;
          readOnly = false;
        } else {
          data = toBuffer(data);
          byteLength = data.length;
          readOnly = toBuffer.readOnly;
        }
        if (this._firstFragment) {
          this._firstFragment = false;
          if (rsv1 && perMessageDeflate && perMessageDeflate.params[perMessageDeflate._isServer ? "server_no_context_takeover" : "client_no_context_takeover"]) {
            rsv1 = byteLength >= perMessageDeflate._threshold;
          }
          this._compress = rsv1;
        } else {
          rsv1 = false;
          opcode = 0;
        }
        if (options.fin) this._firstFragment = true;
        const opts = {
          [kByteLength]: byteLength,
          fin: options.fin,
          generateMask: this._generateMask,
          mask: options.mask,
          maskBuffer: this._maskBuffer,
          opcode,
          readOnly,
          rsv1
        };
        if (isBlob(data)) {
          if (this._state !== DEFAULT) {
            this.enqueue([this.getBlobData, data, this._compress, opts, cb]);
          } else {
            this.getBlobData(data, this._compress, opts, cb);
          }
        } else if (this._state !== DEFAULT) {
          this.enqueue([this.dispatch, data, this._compress, opts, cb]);
        } else {
          this.dispatch(data, this._compress, opts, cb);
        }
      }
      /**
       * Gets the contents of a blob as binary data.
       *
       * @param {Blob} blob The blob
       * @param {Boolean} [compress=false] Specifies whether or not to compress
       *     the data
       * @param {Object} options Options object
       * @param {Boolean} [options.fin=false] Specifies whether or not to set the
       *     FIN bit
       * @param {Function} [options.generateMask] The function used to generate the
       *     masking key
       * @param {Boolean} [options.mask=false] Specifies whether or not to mask
       *     `data`
       * @param {Buffer} [options.maskBuffer] The buffer used to store the masking
       *     key
       * @param {Number} options.opcode The opcode
       * @param {Boolean} [options.readOnly=false] Specifies whether `data` can be
       *     modified
       * @param {Boolean} [options.rsv1=false] Specifies whether or not to set the
       *     RSV1 bit
       * @param {Function} [cb] Callback
       * @private
       */
      getBlobData(blob, compress, options, cb) {
        this._bufferedBytes += options[kByteLength];
        this._state = GET_BLOB_DATA;
        blob.arrayBuffer().then((arrayBuffer) => {
          if (this._socket.destroyed) {
            const err = new Error(
              "The socket was closed while the blob was being read"
            );
            process.nextTick(callCallbacks, this, err, cb);
            return;
          }
          this._bufferedBytes -= options[kByteLength];
          const data = toBuffer(arrayBuffer);
          if (!compress) {
            this._state = DEFAULT;
            this.sendFrame(_Sender.frame(data, options), cb);
            this.dequeue();
          } else {
            this.dispatch(data, compress, options, cb);
          }
        }).catch((err) => {
          process.nextTick(onError, this, err, cb);
        });
      }
      /**
       * Dispatches a message.
       *
       * @param {(Buffer|String)} data The message to send
       * @param {Boolean} [compress=false] Specifies whether or not to compress
       *     `data`
       * @param {Object} options Options object
       * @param {Boolean} [options.fin=false] Specifies whether or not to set the
       *     FIN bit
       * @param {Function} [options.generateMask] The function used to generate the
       *     masking key
       * @param {Boolean} [options.mask=false] Specifies whether or not to mask
       *     `data`
       * @param {Buffer} [options.maskBuffer] The buffer used to store the masking
       *     key
       * @param {Number} options.opcode The opcode
       * @param {Boolean} [options.readOnly=false] Specifies whether `data` can be
       *     modified
       * @param {Boolean} [options.rsv1=false] Specifies whether or not to set the
       *     RSV1 bit
       * @param {Function} [cb] Callback
       * @private
       */
      dispatch(data, compress, options, cb) {
        if (!compress) {
          this.sendFrame(_Sender.frame(data, options), cb);
          return;
        }
        const perMessageDeflate = this._extensions[PerMessageDeflate.extensionName];
        this._bufferedBytes += options[kByteLength];
        this._state = DEFLATING;
        perMessageDeflate.compress(data, options.fin, (_2, buf) => {
          if (this._socket.destroyed) {
            const err = new Error(
              "The socket was closed while data was being compressed"
            );
            callCallbacks(this, err, cb);
            return;
          }
          this._bufferedBytes -= options[kByteLength];
          this._state = DEFAULT;
          options.readOnly = false;
          this.sendFrame(_Sender.frame(buf, options), cb);
          this.dequeue();
        });
      }
      /**
       * Executes queued send operations.
       *
       * @private
       */
      dequeue() {
        while (this._state === DEFAULT && this._queue.length) {
          const params = this._queue.shift();
          this._bufferedBytes -= params[3][kByteLength];
          Reflect.apply(params[0], this, params.slice(1));
        }
      }
      /**
       * Enqueues a send operation.
       *
       * @param {Array} params Send operation parameters.
       * @private
       */
      enqueue(params) {
        this._bufferedBytes += params[3][kByteLength];
        this._queue.push(params);
      }
      /**
       * Sends a frame.
       *
       * @param {(Buffer | String)[]} list The frame to send
       * @param {Function} [cb] Callback
       * @private
       */
      sendFrame(list, cb) {
        if (list.length === 2) {
          this._socket.cork();
          this._socket.write(list[0]);
          this._socket.write(list[1], cb);
          this._socket.uncork();
        } else {
          this._socket.write(list[0], cb);
        }
      }
    };
    module2.exports = Sender;
    function callCallbacks(sender, err, cb) {
      if (typeof cb === "function") cb(err);
      for (let i = 0; i < sender._queue.length; i++) {
        const params = sender._queue[i];
        const callback = params[params.length - 1];
        if (typeof callback === "function") callback(err);
      }
    }
    function onError(sender, err, cb) {
      callCallbacks(sender, err, cb);
      sender.onerror(err);
    }
  }
});

// scripts/no-websocket-extras.ts
var no_websocket_extras_exports = {};
__export(no_websocket_extras_exports, {
  EventTarget: () => EventTarget,
  format: () => refused,
  parse: () => refused
});
function refused() {
  throw new Error("the hook has no WebSocket extensions and no browser events");
}
var EventTarget;
var init_no_websocket_extras = __esm({
  "scripts/no-websocket-extras.ts"() {
    EventTarget = { addEventListener: refused, removeEventListener: refused };
  }
});

// node_modules/ws/lib/websocket.js
var require_websocket = __commonJS({
  "node_modules/ws/lib/websocket.js"(exports2, module2) {
    "use strict";
    var EventEmitter2 = require("events");
    var https4 = require("https");
    var http4 = require("http");
    var net = require("net");
    var querystring = require("querystring");
    var tls = require("tls");
    var { randomBytes, createHash: createHash7 } = require("crypto");
    var { Duplex: Duplex2, Readable: Readable4 } = require("stream");
    var { URL: URL2 } = require("url");
    var PerMessageDeflate = (init_no_compression(), __toCommonJS(no_compression_exports));
    var Receiver = require_receiver();
    var Sender = require_sender();
    var { isBlob } = require_validation();
    var {
      BINARY_TYPES,
      CLOSE_TIMEOUT,
      EMPTY_BUFFER,
      GUID,
      kForOnEventAttribute,
      kListener,
      kStatusCode,
      kWebSocket,
      NOOP
    } = require_constants();
    var {
      EventTarget: { addEventListener, removeEventListener }
    } = (init_no_websocket_extras(), __toCommonJS(no_websocket_extras_exports));
    var { format, parse: parse4 } = (init_no_websocket_extras(), __toCommonJS(no_websocket_extras_exports));
    var { toBuffer } = require_buffer_util();
    var kAborted = /* @__PURE__ */ Symbol("kAborted");
    var protocolVersions = [8, 13];
    var readyStates = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];
    var subprotocolRegex = /^[!#$%&'*+\-.0-9A-Z^_`|a-z~]+$/;
    var WebSocket2 = class _WebSocket extends EventEmitter2 {
      /**
       * Create a new `WebSocket`.
       *
       * @param {(String|URL)} address The URL to which to connect
       * @param {(String|String[])} [protocols] The subprotocols
       * @param {Object} [options] Connection options
       */
      constructor(address, protocols, options) {
        super();
        this._binaryType = BINARY_TYPES[0];
        this._closeCode = 1006;
        this._closeFrameReceived = false;
        this._closeFrameSent = false;
        this._closeMessage = EMPTY_BUFFER;
        this._closeTimer = null;
        this._errorEmitted = false;
        this._extensions = {};
        this._paused = false;
        this._protocol = "";
        this._readyState = _WebSocket.CONNECTING;
        this._receiver = null;
        this._sender = null;
        this._socket = null;
        if (address !== null) {
          this._bufferedAmount = 0;
          this._isServer = false;
          this._redirects = 0;
          if (protocols === void 0) {
            if (!options || options.protocols === void 0) {
              protocols = [];
            } else if (Array.isArray(options.protocols)) {
              protocols = options.protocols;
            } else {
              protocols = [options.protocols];
            }
          } else if (!Array.isArray(protocols)) {
            if (typeof protocols === "object" && protocols !== null) {
              options = protocols;
              if (options.protocols === void 0) {
                protocols = [];
              } else if (Array.isArray(options.protocols)) {
                protocols = options.protocols;
              } else {
                protocols = [options.protocols];
              }
            } else {
              protocols = [protocols];
            }
          }
          options = initAsClient(this, address, protocols, options);
        } else {
          this._isServer = true;
        }
        if (options.autoPong) {
          this._autoPong = true;
          this._autoPongComplete = () => autoPongComplete(this);
          this._pendingAutoPongs = 0;
          this._maxPendingAutoPongs = options.maxPendingAutoPongs | 0;
        }
        this._closeTimeout = options.closeTimeout;
      }
      /**
       * For historical reasons, the custom "nodebuffer" type is used by the default
       * instead of "blob".
       *
       * @type {String}
       */
      get binaryType() {
        return this._binaryType;
      }
      set binaryType(type2) {
        if (!BINARY_TYPES.includes(type2)) return;
        this._binaryType = type2;
        if (this._receiver) this._receiver._binaryType = type2;
      }
      /**
       * @type {Number}
       */
      get bufferedAmount() {
        if (!this._socket) return this._bufferedAmount;
        return this._socket._writableState.length + this._sender._bufferedBytes;
      }
      /**
       * @type {String}
       */
      get extensions() {
        return Object.keys(this._extensions).join();
      }
      /**
       * @type {Boolean}
       */
      get isPaused() {
        return this._paused;
      }
      /**
       * @type {Function}
       */
      /* istanbul ignore next */
      get onclose() {
        return null;
      }
      /**
       * @type {Function}
       */
      /* istanbul ignore next */
      get onerror() {
        return null;
      }
      /**
       * @type {Function}
       */
      /* istanbul ignore next */
      get onopen() {
        return null;
      }
      /**
       * @type {Function}
       */
      /* istanbul ignore next */
      get onmessage() {
        return null;
      }
      /**
       * @type {String}
       */
      get protocol() {
        return this._protocol;
      }
      /**
       * @type {Number}
       */
      get readyState() {
        return this._readyState;
      }
      /**
       * @type {String}
       */
      get url() {
        return this._url;
      }
      /**
       * Set up the socket and the internal resources.
       *
       * @param {Duplex} socket The network socket between the server and client
       * @param {Buffer} head The first packet of the upgraded stream
       * @param {Object} options Options object
       * @param {Boolean} [options.allowSynchronousEvents=false] Specifies whether
       *     any of the `'message'`, `'ping'`, and `'pong'` events can be emitted
       *     multiple times in the same tick
       * @param {Function} [options.generateMask] The function used to generate the
       *     masking key
       * @param {Number} [options.maxBufferedChunks=0] The maximum number of
       *     buffered data chunks
       * @param {Number} [options.maxFragments=0] The maximum number of message
       *     fragments
       * @param {Number} [options.maxPayload=0] The maximum allowed message size
       * @param {Boolean} [options.skipUTF8Validation=false] Specifies whether or
       *     not to skip UTF-8 validation for text and close messages
       * @private
       */
      setSocket(socket, head, options) {
        const receiver = new Receiver({
          allowSynchronousEvents: options.allowSynchronousEvents,
          binaryType: this.binaryType,
          extensions: this._extensions,
          isServer: this._isServer,
          maxBufferedChunks: options.maxBufferedChunks,
          maxFragments: options.maxFragments,
          maxPayload: options.maxPayload,
          skipUTF8Validation: options.skipUTF8Validation
        });
        const sender = new Sender(socket, this._extensions, options.generateMask);
        this._receiver = receiver;
        this._sender = sender;
        this._socket = socket;
        receiver[kWebSocket] = this;
        sender[kWebSocket] = this;
        socket[kWebSocket] = this;
        receiver.on("conclude", receiverOnConclude);
        receiver.on("drain", receiverOnDrain);
        receiver.on("error", receiverOnError);
        receiver.on("message", receiverOnMessage);
        receiver.on("ping", receiverOnPing);
        receiver.on("pong", receiverOnPong);
        sender.onerror = senderOnError;
        if (socket.setTimeout) socket.setTimeout(0);
        if (socket.setNoDelay) socket.setNoDelay();
        if (head.length > 0) socket.unshift(head);
        socket.on("close", socketOnClose);
        socket.on("data", socketOnData);
        socket.on("end", socketOnEnd);
        socket.on("error", socketOnError);
        this._readyState = _WebSocket.OPEN;
        this.emit("open");
      }
      /**
       * Emit the `'close'` event.
       *
       * @private
       */
      emitClose() {
        if (!this._socket) {
          this._readyState = _WebSocket.CLOSED;
          this.emit("close", this._closeCode, this._closeMessage);
          return;
        }
        if (this._extensions[PerMessageDeflate.extensionName]) {
          this._extensions[PerMessageDeflate.extensionName].cleanup();
        }
        this._receiver.removeAllListeners();
        this._readyState = _WebSocket.CLOSED;
        this.emit("close", this._closeCode, this._closeMessage);
      }
      /**
       * Start a closing handshake.
       *
       *          +----------+   +-----------+   +----------+
       *     - - -|ws.close()|-->|close frame|-->|ws.close()|- - -
       *    |     +----------+   +-----------+   +----------+     |
       *          +----------+   +-----------+         |
       * CLOSING  |ws.close()|<--|close frame|<--+-----+       CLOSING
       *          +----------+   +-----------+   |
       *    |           |                        |   +---+        |
       *                +------------------------+-->|fin| - - - -
       *    |         +---+                      |   +---+
       *     - - - - -|fin|<---------------------+
       *              +---+
       *
       * @param {Number} [code] Status code explaining why the connection is closing
       * @param {(String|Buffer)} [data] The reason why the connection is
       *     closing
       * @public
       */
      close(code3, data) {
        if (this.readyState === _WebSocket.CLOSED) return;
        if (this.readyState === _WebSocket.CONNECTING) {
          const msg = "WebSocket was closed before the connection was established";
          abortHandshake(this, this._req, msg);
          return;
        }
        if (this.readyState === _WebSocket.CLOSING) {
          if (this._closeFrameSent && (this._closeFrameReceived || this._receiver._writableState.errorEmitted)) {
            this._socket.end();
          }
          return;
        }
        this._sender.close(code3, data, !this._isServer, (err) => {
          if (err) return;
          this._closeFrameSent = true;
          if (this._closeFrameReceived || this._receiver._writableState.errorEmitted) {
            this._socket.end();
          }
        });
        this._readyState = _WebSocket.CLOSING;
        setCloseTimer(this);
      }
      /**
       * Pause the socket.
       *
       * @public
       */
      pause() {
        if (this.readyState === _WebSocket.CONNECTING || this.readyState === _WebSocket.CLOSED) {
          return;
        }
        this._paused = true;
        this._socket.pause();
      }
      /**
       * Send a ping.
       *
       * @param {*} [data] The data to send
       * @param {Boolean} [mask] Indicates whether or not to mask `data`
       * @param {Function} [cb] Callback which is executed when the ping is sent
       * @public
       */
      ping(data, mask, cb) {
        if (this.readyState === _WebSocket.CONNECTING) {
          throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
        }
        if (typeof data === "function") {
          cb = data;
          data = mask = void 0;
        } else if (typeof mask === "function") {
          cb = mask;
          mask = void 0;
        }
        if (typeof data === "number") data = data.toString();
        if (this.readyState !== _WebSocket.OPEN) {
          sendAfterClose(this, data, cb);
          return;
        }
        if (mask === void 0) mask = !this._isServer;
        this._sender.ping(data || EMPTY_BUFFER, mask, cb);
      }
      /**
       * Send a pong.
       *
       * @param {*} [data] The data to send
       * @param {Boolean} [mask] Indicates whether or not to mask `data`
       * @param {Function} [cb] Callback which is executed when the pong is sent
       * @public
       */
      pong(data, mask, cb) {
        if (this.readyState === _WebSocket.CONNECTING) {
          throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
        }
        if (typeof data === "function") {
          cb = data;
          data = mask = void 0;
        } else if (typeof mask === "function") {
          cb = mask;
          mask = void 0;
        }
        if (typeof data === "number") data = data.toString();
        if (this.readyState !== _WebSocket.OPEN) {
          sendAfterClose(this, data, cb);
          return;
        }
        if (mask === void 0) mask = !this._isServer;
        this._sender.pong(data || EMPTY_BUFFER, mask, cb);
      }
      /**
       * Resume the socket.
       *
       * @public
       */
      resume() {
        if (this.readyState === _WebSocket.CONNECTING || this.readyState === _WebSocket.CLOSED) {
          return;
        }
        this._paused = false;
        if (!this._receiver._writableState.needDrain) this._socket.resume();
      }
      /**
       * Send a data message.
       *
       * @param {*} data The message to send
       * @param {Object} [options] Options object
       * @param {Boolean} [options.binary] Specifies whether `data` is binary or
       *     text
       * @param {Boolean} [options.compress] Specifies whether or not to compress
       *     `data`
       * @param {Boolean} [options.fin=true] Specifies whether the fragment is the
       *     last one
       * @param {Boolean} [options.mask] Specifies whether or not to mask `data`
       * @param {Function} [cb] Callback which is executed when data is written out
       * @public
       */
      send(data, options, cb) {
        if (this.readyState === _WebSocket.CONNECTING) {
          throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
        }
        if (typeof options === "function") {
          cb = options;
          options = {};
        }
        if (typeof data === "number") data = data.toString();
        if (this.readyState !== _WebSocket.OPEN) {
          sendAfterClose(this, data, cb);
          return;
        }
        const opts = {
          binary: typeof data !== "string",
          mask: !this._isServer,
          compress: true,
          fin: true,
          ...options
        };
        if (!this._extensions[PerMessageDeflate.extensionName]) {
          opts.compress = false;
        }
        this._sender.send(data || EMPTY_BUFFER, opts, cb);
      }
      /**
       * Forcibly close the connection.
       *
       * @public
       */
      terminate() {
        if (this.readyState === _WebSocket.CLOSED) return;
        if (this.readyState === _WebSocket.CONNECTING) {
          const msg = "WebSocket was closed before the connection was established";
          abortHandshake(this, this._req, msg);
          return;
        }
        if (this._socket) {
          this._readyState = _WebSocket.CLOSING;
          this._socket.destroy();
        }
      }
    };
    Object.defineProperty(WebSocket2, "CONNECTING", {
      enumerable: true,
      value: readyStates.indexOf("CONNECTING")
    });
    Object.defineProperty(WebSocket2.prototype, "CONNECTING", {
      enumerable: true,
      value: readyStates.indexOf("CONNECTING")
    });
    Object.defineProperty(WebSocket2, "OPEN", {
      enumerable: true,
      value: readyStates.indexOf("OPEN")
    });
    Object.defineProperty(WebSocket2.prototype, "OPEN", {
      enumerable: true,
      value: readyStates.indexOf("OPEN")
    });
    Object.defineProperty(WebSocket2, "CLOSING", {
      enumerable: true,
      value: readyStates.indexOf("CLOSING")
    });
    Object.defineProperty(WebSocket2.prototype, "CLOSING", {
      enumerable: true,
      value: readyStates.indexOf("CLOSING")
    });
    Object.defineProperty(WebSocket2, "CLOSED", {
      enumerable: true,
      value: readyStates.indexOf("CLOSED")
    });
    Object.defineProperty(WebSocket2.prototype, "CLOSED", {
      enumerable: true,
      value: readyStates.indexOf("CLOSED")
    });
    [
      "binaryType",
      "bufferedAmount",
      "extensions",
      "isPaused",
      "protocol",
      "readyState",
      "url"
    ].forEach((property) => {
      Object.defineProperty(WebSocket2.prototype, property, { enumerable: true });
    });
    ["open", "error", "close", "message"].forEach((method) => {
      Object.defineProperty(WebSocket2.prototype, `on${method}`, {
        enumerable: true,
        get() {
          for (const listener of this.listeners(method)) {
            if (listener[kForOnEventAttribute]) return listener[kListener];
          }
          return null;
        },
        set(handler) {
          for (const listener of this.listeners(method)) {
            if (listener[kForOnEventAttribute]) {
              this.removeListener(method, listener);
              break;
            }
          }
          if (typeof handler !== "function") return;
          this.addEventListener(method, handler, {
            [kForOnEventAttribute]: true
          });
        }
      });
    });
    WebSocket2.prototype.addEventListener = addEventListener;
    WebSocket2.prototype.removeEventListener = removeEventListener;
    module2.exports = WebSocket2;
    function initAsClient(websocket, address, protocols, options) {
      const opts = {
        allowSynchronousEvents: true,
        autoPong: true,
        closeTimeout: CLOSE_TIMEOUT,
        protocolVersion: protocolVersions[1],
        maxBufferedChunks: 256 * 1024,
        maxFragments: 16 * 1024,
        maxPayload: 100 * 1024 * 1024,
        maxPendingAutoPongs: 60,
        skipUTF8Validation: false,
        perMessageDeflate: true,
        followRedirects: false,
        maxRedirects: 10,
        ...options,
        socketPath: void 0,
        hostname: void 0,
        protocol: void 0,
        protocols: void 0,
        timeout: void 0,
        method: "GET",
        host: void 0,
        path: void 0,
        port: void 0
      };
      if (!protocolVersions.includes(opts.protocolVersion)) {
        throw new RangeError(
          `Unsupported protocol version: ${opts.protocolVersion} (supported versions: ${protocolVersions.join(", ")})`
        );
      }
      let parsedUrl;
      if (address instanceof URL2) {
        parsedUrl = address;
      } else {
        try {
          parsedUrl = new URL2(address);
        } catch {
          throw new SyntaxError(`Invalid URL: ${address}`);
        }
      }
      if (parsedUrl.protocol === "http:" || parsedUrl.protocol === "https:") {
        parsedUrl = new URL2(parsedUrl);
        parsedUrl.protocol = parsedUrl.protocol === "http:" ? "ws:" : "wss:";
      }
      websocket._url = parsedUrl.href;
      const isSecure = parsedUrl.protocol === "wss:";
      const isIpcUrl = parsedUrl.protocol === "ws+unix:";
      let invalidUrlMessage;
      if (parsedUrl.protocol !== "ws:" && !isSecure && !isIpcUrl) {
        invalidUrlMessage = `The URL's protocol must be one of "ws:", "wss:", "http:", "https:", or "ws+unix:"`;
      } else if (isIpcUrl && !parsedUrl.pathname) {
        invalidUrlMessage = "The URL's pathname is empty";
      } else if (parsedUrl.hash) {
        invalidUrlMessage = "The URL contains a fragment identifier";
      }
      if (invalidUrlMessage) {
        const err = new SyntaxError(invalidUrlMessage);
        if (websocket._redirects === 0) {
          throw err;
        } else {
          emitErrorAndClose(websocket, err);
          return;
        }
      }
      const defaultPort = isSecure ? 443 : 80;
      const key2 = randomBytes(16).toString("base64");
      const request4 = isSecure ? https4.request : http4.request;
      const protocolSet = /* @__PURE__ */ new Set();
      let perMessageDeflate;
      opts.createConnection = opts.createConnection || (isSecure ? tlsConnect2 : netConnect);
      opts.defaultPort = opts.defaultPort || defaultPort;
      opts.port = parsedUrl.port || defaultPort;
      opts.host = parsedUrl.hostname.startsWith("[") ? parsedUrl.hostname.slice(1, -1) : parsedUrl.hostname;
      opts.headers = {
        ...opts.headers,
        "Sec-WebSocket-Version": opts.protocolVersion,
        "Sec-WebSocket-Key": key2,
        Connection: "Upgrade",
        Upgrade: "websocket"
      };
      opts.path = parsedUrl.pathname + parsedUrl.search;
      opts.timeout = opts.handshakeTimeout;
      if (opts.perMessageDeflate) {
        perMessageDeflate = new PerMessageDeflate({
          ...opts.perMessageDeflate,
          isServer: false,
          maxPayload: opts.maxPayload
        });
        opts.headers["Sec-WebSocket-Extensions"] = format({
          [PerMessageDeflate.extensionName]: perMessageDeflate.offer()
        });
      }
      if (protocols.length) {
        for (const protocol of protocols) {
          if (typeof protocol !== "string" || !subprotocolRegex.test(protocol) || protocolSet.has(protocol)) {
            throw new SyntaxError(
              "An invalid or duplicated subprotocol was specified"
            );
          }
          protocolSet.add(protocol);
        }
        opts.headers["Sec-WebSocket-Protocol"] = protocols.join(",");
      }
      if (opts.origin) {
        if (opts.protocolVersion < 13) {
          opts.headers["Sec-WebSocket-Origin"] = opts.origin;
        } else {
          opts.headers.Origin = opts.origin;
        }
      }
      if (parsedUrl.username || parsedUrl.password) {
        const username = querystring.unescape(parsedUrl.username);
        const password = querystring.unescape(parsedUrl.password);
        opts.auth = `${username}:${password}`;
      }
      if (isIpcUrl) {
        const i = opts.path.indexOf(":");
        if (i === -1) {
          opts.socketPath = opts.path;
          opts.path = "";
        } else {
          opts.socketPath = opts.path.slice(0, i);
          opts.path = opts.path.slice(i + 1);
        }
      }
      let req;
      if (opts.followRedirects) {
        if (websocket._redirects === 0) {
          websocket._originalIpc = isIpcUrl;
          websocket._originalSecure = isSecure;
          websocket._originalHostOrSocketPath = isIpcUrl ? opts.socketPath : parsedUrl.host;
          const headers = options && options.headers;
          options = { ...options, headers: {} };
          if (headers) {
            for (const [key3, value] of Object.entries(headers)) {
              options.headers[key3.toLowerCase()] = value;
            }
          }
        } else if (websocket.listenerCount("redirect") === 0) {
          const isSameHost = isIpcUrl ? websocket._originalIpc ? opts.socketPath === websocket._originalHostOrSocketPath : false : websocket._originalIpc ? false : parsedUrl.host === websocket._originalHostOrSocketPath;
          if (!isSameHost || websocket._originalSecure && !isSecure) {
            delete opts.headers.authorization;
            delete opts.headers.cookie;
            if (!isSameHost) delete opts.headers.host;
            opts.auth = void 0;
          }
        }
        if (opts.auth && !options.headers.authorization) {
          options.headers.authorization = "Basic " + Buffer.from(opts.auth).toString("base64");
        }
        req = websocket._req = request4(opts);
        if (websocket._redirects) {
          websocket.emit("redirect", websocket.url, req);
        }
      } else {
        req = websocket._req = request4(opts);
      }
      if (opts.timeout) {
        req.on("timeout", () => {
          abortHandshake(websocket, req, "Opening handshake has timed out");
        });
      }
      req.on("error", (err) => {
        if (req === null || req[kAborted]) return;
        req = websocket._req = null;
        emitErrorAndClose(websocket, err);
      });
      req.on("response", (res) => {
        const location = res.headers.location;
        const statusCode = res.statusCode;
        if (location && opts.followRedirects && statusCode >= 300 && statusCode < 400) {
          if (++websocket._redirects > opts.maxRedirects) {
            abortHandshake(websocket, req, "Maximum redirects exceeded");
            return;
          }
          req.abort();
          let addr;
          try {
            addr = new URL2(location, address);
          } catch (e) {
            const err = new SyntaxError(`Invalid URL: ${location}`);
            emitErrorAndClose(websocket, err);
            return;
          }
          initAsClient(websocket, addr, protocols, options);
        } else if (!websocket.emit("unexpected-response", req, res)) {
          abortHandshake(
            websocket,
            req,
            `Unexpected server response: ${res.statusCode}`
          );
        }
      });
      req.on("upgrade", (res, socket, head) => {
        websocket.emit("upgrade", res);
        if (websocket.readyState !== WebSocket2.CONNECTING) return;
        req = websocket._req = null;
        const upgrade = res.headers.upgrade;
        if (upgrade === void 0 || upgrade.toLowerCase() !== "websocket") {
          abortHandshake(websocket, socket, "Invalid Upgrade header");
          return;
        }
        const digest2 = createHash7("sha1").update(key2 + GUID).digest("base64");
        if (res.headers["sec-websocket-accept"] !== digest2) {
          abortHandshake(websocket, socket, "Invalid Sec-WebSocket-Accept header");
          return;
        }
        const serverProt = res.headers["sec-websocket-protocol"];
        let protError;
        if (serverProt !== void 0) {
          if (!protocolSet.size) {
            protError = "Server sent a subprotocol but none was requested";
          } else if (!protocolSet.has(serverProt)) {
            protError = "Server sent an invalid subprotocol";
          }
        } else if (protocolSet.size) {
          protError = "Server sent no subprotocol";
        }
        if (protError) {
          abortHandshake(websocket, socket, protError);
          return;
        }
        if (serverProt) websocket._protocol = serverProt;
        const secWebSocketExtensions = res.headers["sec-websocket-extensions"];
        if (secWebSocketExtensions !== void 0) {
          if (!perMessageDeflate) {
            const message = "Server sent a Sec-WebSocket-Extensions header but no extension was requested";
            abortHandshake(websocket, socket, message);
            return;
          }
          let extensions;
          try {
            extensions = parse4(secWebSocketExtensions);
          } catch (err) {
            const message = "Invalid Sec-WebSocket-Extensions header";
            abortHandshake(websocket, socket, message);
            return;
          }
          const extensionNames = Object.keys(extensions);
          if (extensionNames.length !== 1 || extensionNames[0] !== PerMessageDeflate.extensionName) {
            const message = "Server indicated an extension that was not requested";
            abortHandshake(websocket, socket, message);
            return;
          }
          try {
            perMessageDeflate.accept(extensions[PerMessageDeflate.extensionName]);
          } catch (err) {
            const message = "Invalid Sec-WebSocket-Extensions header";
            abortHandshake(websocket, socket, message);
            return;
          }
          websocket._extensions[PerMessageDeflate.extensionName] = perMessageDeflate;
        }
        websocket.setSocket(socket, head, {
          allowSynchronousEvents: opts.allowSynchronousEvents,
          generateMask: opts.generateMask,
          maxBufferedChunks: opts.maxBufferedChunks,
          maxFragments: opts.maxFragments,
          maxPayload: opts.maxPayload,
          skipUTF8Validation: opts.skipUTF8Validation
        });
      });
      if (opts.finishRequest) {
        opts.finishRequest(req, websocket);
      } else {
        req.end();
      }
      return opts;
    }
    function emitErrorAndClose(websocket, err) {
      websocket._readyState = WebSocket2.CLOSING;
      websocket._errorEmitted = true;
      websocket.emit("error", err);
      websocket.emitClose();
    }
    function netConnect(options) {
      options.path = options.socketPath;
      return net.connect(options);
    }
    function tlsConnect2(options) {
      options.path = void 0;
      if (!options.servername && options.servername !== "") {
        options.servername = net.isIP(options.host) ? "" : options.host;
      }
      return tls.connect(options);
    }
    function abortHandshake(websocket, stream, message) {
      websocket._readyState = WebSocket2.CLOSING;
      const err = new Error(message);
      Error.captureStackTrace(err, abortHandshake);
      if (stream.setHeader) {
        stream[kAborted] = true;
        stream.abort();
        if (stream.socket && !stream.socket.destroyed) {
          stream.socket.destroy();
        }
        process.nextTick(emitErrorAndClose, websocket, err);
      } else {
        stream.destroy(err);
        stream.once("error", websocket.emit.bind(websocket, "error"));
        stream.once("close", websocket.emitClose.bind(websocket));
      }
    }
    function sendAfterClose(websocket, data, cb) {
      if (data) {
        const length = isBlob(data) ? data.size : toBuffer(data).length;
        if (websocket._socket) websocket._sender._bufferedBytes += length;
        else websocket._bufferedAmount += length;
      }
      if (cb) {
        const err = new Error(
          `WebSocket is not open: readyState ${websocket.readyState} (${readyStates[websocket.readyState]})`
        );
        process.nextTick(cb, err);
      }
    }
    function receiverOnConclude(code3, reason) {
      const websocket = this[kWebSocket];
      websocket._closeFrameReceived = true;
      websocket._closeCode = code3;
      if (reason.length === 0) {
        websocket._closeMessage = EMPTY_BUFFER;
      } else {
        websocket._closeMessage = Buffer.allocUnsafeSlow(reason.length);
        websocket._closeMessage.set(reason);
      }
      if (websocket._socket[kWebSocket] === void 0) return;
      websocket._socket.removeListener("data", socketOnData);
      process.nextTick(resume, websocket._socket);
      if (code3 === 1005) websocket.close();
      else websocket.close(code3, reason);
    }
    function receiverOnDrain() {
      const websocket = this[kWebSocket];
      if (!websocket.isPaused) websocket._socket.resume();
    }
    function receiverOnError(err) {
      const websocket = this[kWebSocket];
      if (websocket._socket[kWebSocket] !== void 0) {
        websocket._socket.removeListener("data", socketOnData);
        process.nextTick(resume, websocket._socket);
        websocket.close(err[kStatusCode]);
      }
      if (!websocket._errorEmitted) {
        websocket._errorEmitted = true;
        websocket.emit("error", err);
      }
    }
    function receiverOnFinish() {
      this[kWebSocket].emitClose();
    }
    function receiverOnMessage(data, isBinary) {
      this[kWebSocket].emit("message", data, isBinary);
    }
    function receiverOnPing(data) {
      const websocket = this[kWebSocket];
      if (websocket._autoPong && websocket.readyState === WebSocket2.OPEN) {
        if (websocket._maxPendingAutoPongs > 0 && websocket._pendingAutoPongs >= websocket._maxPendingAutoPongs) {
          websocket.terminate();
        } else {
          websocket._pendingAutoPongs++;
          websocket.pong(data, !this._isServer, websocket._autoPongComplete);
        }
      }
      websocket.emit("ping", data);
    }
    function autoPongComplete(websocket) {
      websocket._pendingAutoPongs--;
    }
    function receiverOnPong(data) {
      this[kWebSocket].emit("pong", data);
    }
    function resume(stream) {
      stream.resume();
    }
    function senderOnError(err) {
      const websocket = this[kWebSocket];
      if (websocket.readyState === WebSocket2.CLOSED) return;
      if (websocket.readyState === WebSocket2.OPEN) {
        websocket._readyState = WebSocket2.CLOSING;
        setCloseTimer(websocket);
      }
      this._socket.end();
      if (!websocket._errorEmitted) {
        websocket._errorEmitted = true;
        websocket.emit("error", err);
      }
    }
    function setCloseTimer(websocket) {
      websocket._closeTimer = setTimeout(
        websocket._socket.destroy.bind(websocket._socket),
        websocket._closeTimeout
      );
    }
    function socketOnClose() {
      const websocket = this[kWebSocket];
      this.removeListener("close", socketOnClose);
      this.removeListener("data", socketOnData);
      this.removeListener("end", socketOnEnd);
      websocket._readyState = WebSocket2.CLOSING;
      if (!this._readableState.endEmitted && !websocket._closeFrameReceived && !websocket._receiver._writableState.errorEmitted && this._readableState.length !== 0) {
        const chunk = this.read(this._readableState.length);
        websocket._receiver.write(chunk);
      }
      websocket._receiver.end();
      this[kWebSocket] = void 0;
      clearTimeout(websocket._closeTimer);
      if (websocket._receiver._writableState.finished || websocket._receiver._writableState.errorEmitted) {
        websocket.emitClose();
      } else {
        websocket._receiver.on("error", receiverOnFinish);
        websocket._receiver.on("finish", receiverOnFinish);
      }
    }
    function socketOnData(chunk) {
      if (!this[kWebSocket]._receiver.write(chunk)) {
        this.pause();
      }
    }
    function socketOnEnd() {
      const websocket = this[kWebSocket];
      websocket._readyState = WebSocket2.CLOSING;
      websocket._receiver.end();
      this.end();
    }
    function socketOnError() {
      const websocket = this[kWebSocket];
      this.removeListener("error", socketOnError);
      this.on("error", NOOP);
      if (websocket) {
        websocket._readyState = WebSocket2.CLOSING;
        this.destroy();
      }
    }
  }
});

// node_modules/js-yaml/dist/js-yaml.mjs
var js_yaml_exports = {};
__export(js_yaml_exports, {
  CORE_SCHEMA: () => CORE_SCHEMA,
  DEFAULT_SCHEMA: () => DEFAULT_SCHEMA,
  FAILSAFE_SCHEMA: () => FAILSAFE_SCHEMA,
  JSON_SCHEMA: () => JSON_SCHEMA,
  Schema: () => Schema,
  Type: () => Type,
  YAMLException: () => YAMLException,
  default: () => yaml,
  dump: () => dump,
  load: () => load,
  loadAll: () => loadAll,
  safeDump: () => safeDump,
  safeLoad: () => safeLoad,
  safeLoadAll: () => safeLoadAll,
  types: () => types
});
function getDefaultExportFromCjs(x) {
  return x && x.__esModule && Object.prototype.hasOwnProperty.call(x, "default") ? x["default"] : x;
}
function requireCommon() {
  if (hasRequiredCommon) return common;
  hasRequiredCommon = 1;
  function isNothing(subject) {
    return typeof subject === "undefined" || subject === null;
  }
  function isObject2(subject) {
    return typeof subject === "object" && subject !== null;
  }
  function toArray(sequence) {
    if (Array.isArray(sequence)) return sequence;
    else if (isNothing(sequence)) return [];
    return [sequence];
  }
  function extend(target, source) {
    if (source) {
      const sourceKeys = Object.keys(source);
      for (let index = 0, length = sourceKeys.length; index < length; index += 1) {
        const key2 = sourceKeys[index];
        target[key2] = source[key2];
      }
    }
    return target;
  }
  function repeat(string2, count) {
    let result = "";
    for (let cycle = 0; cycle < count; cycle += 1) {
      result += string2;
    }
    return result;
  }
  function isNegativeZero(number2) {
    return number2 === 0 && Number.NEGATIVE_INFINITY === 1 / number2;
  }
  common.isNothing = isNothing;
  common.isObject = isObject2;
  common.toArray = toArray;
  common.repeat = repeat;
  common.isNegativeZero = isNegativeZero;
  common.extend = extend;
  return common;
}
function requireException() {
  if (hasRequiredException) return exception;
  hasRequiredException = 1;
  function formatError(exception2, compact) {
    let where = "";
    const message = exception2.reason || "(unknown reason)";
    if (!exception2.mark) return message;
    if (exception2.mark.name) {
      where += 'in "' + exception2.mark.name + '" ';
    }
    where += "(" + (exception2.mark.line + 1) + ":" + (exception2.mark.column + 1) + ")";
    if (!compact && exception2.mark.snippet) {
      where += "\n\n" + exception2.mark.snippet;
    }
    return message + " " + where;
  }
  function YAMLException2(reason, mark) {
    Error.call(this);
    this.name = "YAMLException";
    this.reason = reason;
    this.mark = mark;
    this.message = formatError(this, false);
    if (Error.captureStackTrace) {
      Error.captureStackTrace(this, this.constructor);
    } else {
      this.stack = new Error().stack || "";
    }
  }
  YAMLException2.prototype = Object.create(Error.prototype);
  YAMLException2.prototype.constructor = YAMLException2;
  YAMLException2.prototype.toString = function toString(compact) {
    return this.name + ": " + formatError(this, compact);
  };
  exception = YAMLException2;
  return exception;
}
function requireSnippet() {
  if (hasRequiredSnippet) return snippet;
  hasRequiredSnippet = 1;
  const common22 = requireCommon();
  function getLine(buffer, lineStart, lineEnd, position, maxLineLength) {
    let head = "";
    let tail = "";
    const maxHalfLength = Math.floor(maxLineLength / 2) - 1;
    if (position - lineStart > maxHalfLength) {
      head = " ... ";
      lineStart = position - maxHalfLength + head.length;
    }
    if (lineEnd - position > maxHalfLength) {
      tail = " ...";
      lineEnd = position + maxHalfLength - tail.length;
    }
    return {
      str: head + buffer.slice(lineStart, lineEnd).replace(/\t/g, "\u2192") + tail,
      pos: position - lineStart + head.length
      // relative position
    };
  }
  function padStart(string2, max) {
    return common22.repeat(" ", max - string2.length) + string2;
  }
  function makeSnippet(mark, options) {
    options = Object.create(options || null);
    if (!mark.buffer) return null;
    if (!options.maxLength) options.maxLength = 79;
    if (typeof options.indent !== "number") options.indent = 1;
    if (typeof options.linesBefore !== "number") options.linesBefore = 3;
    if (typeof options.linesAfter !== "number") options.linesAfter = 2;
    const re2 = /\r?\n|\r|\0/g;
    const lineStarts = [0];
    const lineEnds = [];
    let match;
    let foundLineNo = -1;
    while (match = re2.exec(mark.buffer)) {
      lineEnds.push(match.index);
      lineStarts.push(match.index + match[0].length);
      if (mark.position <= match.index && foundLineNo < 0) {
        foundLineNo = lineStarts.length - 2;
      }
    }
    if (foundLineNo < 0) foundLineNo = lineStarts.length - 1;
    let result = "";
    const lineNoLength = Math.min(mark.line + options.linesAfter, lineEnds.length).toString().length;
    const maxLineLength = options.maxLength - (options.indent + lineNoLength + 3);
    for (let i = 1; i <= options.linesBefore; i++) {
      if (foundLineNo - i < 0) break;
      const line2 = getLine(
        mark.buffer,
        lineStarts[foundLineNo - i],
        lineEnds[foundLineNo - i],
        mark.position - (lineStarts[foundLineNo] - lineStarts[foundLineNo - i]),
        maxLineLength
      );
      result = common22.repeat(" ", options.indent) + padStart((mark.line - i + 1).toString(), lineNoLength) + " | " + line2.str + "\n" + result;
    }
    const line = getLine(mark.buffer, lineStarts[foundLineNo], lineEnds[foundLineNo], mark.position, maxLineLength);
    result += common22.repeat(" ", options.indent) + padStart((mark.line + 1).toString(), lineNoLength) + " | " + line.str + "\n";
    result += common22.repeat("-", options.indent + lineNoLength + 3 + line.pos) + "^\n";
    for (let i = 1; i <= options.linesAfter; i++) {
      if (foundLineNo + i >= lineEnds.length) break;
      const line2 = getLine(
        mark.buffer,
        lineStarts[foundLineNo + i],
        lineEnds[foundLineNo + i],
        mark.position - (lineStarts[foundLineNo] - lineStarts[foundLineNo + i]),
        maxLineLength
      );
      result += common22.repeat(" ", options.indent) + padStart((mark.line + i + 1).toString(), lineNoLength) + " | " + line2.str + "\n";
    }
    return result.replace(/\n$/, "");
  }
  snippet = makeSnippet;
  return snippet;
}
function requireType() {
  if (hasRequiredType) return type;
  hasRequiredType = 1;
  const YAMLException2 = requireException();
  const TYPE_CONSTRUCTOR_OPTIONS = [
    "kind",
    "multi",
    "resolve",
    "construct",
    "instanceOf",
    "predicate",
    "represent",
    "representName",
    "defaultStyle",
    "styleAliases"
  ];
  const YAML_NODE_KINDS = [
    "scalar",
    "sequence",
    "mapping"
  ];
  function compileStyleAliases(map2) {
    const result = {};
    if (map2 !== null) {
      Object.keys(map2).forEach(function(style) {
        map2[style].forEach(function(alias) {
          result[String(alias)] = style;
        });
      });
    }
    return result;
  }
  function Type2(tag, options) {
    options = options || {};
    Object.keys(options).forEach(function(name2) {
      if (TYPE_CONSTRUCTOR_OPTIONS.indexOf(name2) === -1) {
        throw new YAMLException2('Unknown option "' + name2 + '" is met in definition of "' + tag + '" YAML type.');
      }
    });
    this.options = options;
    this.tag = tag;
    this.kind = options["kind"] || null;
    this.resolve = options["resolve"] || function() {
      return true;
    };
    this.construct = options["construct"] || function(data) {
      return data;
    };
    this.instanceOf = options["instanceOf"] || null;
    this.predicate = options["predicate"] || null;
    this.represent = options["represent"] || null;
    this.representName = options["representName"] || null;
    this.defaultStyle = options["defaultStyle"] || null;
    this.multi = options["multi"] || false;
    this.styleAliases = compileStyleAliases(options["styleAliases"] || null);
    if (YAML_NODE_KINDS.indexOf(this.kind) === -1) {
      throw new YAMLException2('Unknown kind "' + this.kind + '" is specified for "' + tag + '" YAML type.');
    }
  }
  type = Type2;
  return type;
}
function requireSchema() {
  if (hasRequiredSchema) return schema;
  hasRequiredSchema = 1;
  const YAMLException2 = requireException();
  const Type2 = requireType();
  function compileList(schema2, name2) {
    const result = [];
    schema2[name2].forEach(function(currentType) {
      let newIndex = result.length;
      result.forEach(function(previousType, previousIndex) {
        if (previousType.tag === currentType.tag && previousType.kind === currentType.kind && previousType.multi === currentType.multi) {
          newIndex = previousIndex;
        }
      });
      result[newIndex] = currentType;
    });
    return result;
  }
  function compileMap() {
    const result = {
      scalar: {},
      sequence: {},
      mapping: {},
      fallback: {},
      multi: {
        scalar: [],
        sequence: [],
        mapping: [],
        fallback: []
      }
    };
    function collectType(type2) {
      if (type2.multi) {
        result.multi[type2.kind].push(type2);
        result.multi["fallback"].push(type2);
      } else {
        result[type2.kind][type2.tag] = result["fallback"][type2.tag] = type2;
      }
    }
    for (let index = 0, length = arguments.length; index < length; index += 1) {
      arguments[index].forEach(collectType);
    }
    return result;
  }
  function Schema2(definition) {
    return this.extend(definition);
  }
  Schema2.prototype.extend = function extend(definition) {
    let implicit = [];
    let explicit = [];
    if (definition instanceof Type2) {
      explicit.push(definition);
    } else if (Array.isArray(definition)) {
      explicit = explicit.concat(definition);
    } else if (definition && (Array.isArray(definition.implicit) || Array.isArray(definition.explicit))) {
      if (definition.implicit) implicit = implicit.concat(definition.implicit);
      if (definition.explicit) explicit = explicit.concat(definition.explicit);
    } else {
      throw new YAMLException2("Schema.extend argument should be a Type, [ Type ], or a schema definition ({ implicit: [...], explicit: [...] })");
    }
    implicit.forEach(function(type2) {
      if (!(type2 instanceof Type2)) {
        throw new YAMLException2("Specified list of YAML types (or a single Type object) contains a non-Type object.");
      }
      if (type2.loadKind && type2.loadKind !== "scalar") {
        throw new YAMLException2("There is a non-scalar type in the implicit list of a schema. Implicit resolving of such types is not supported.");
      }
      if (type2.multi) {
        throw new YAMLException2("There is a multi type in the implicit list of a schema. Multi tags can only be listed as explicit.");
      }
    });
    explicit.forEach(function(type2) {
      if (!(type2 instanceof Type2)) {
        throw new YAMLException2("Specified list of YAML types (or a single Type object) contains a non-Type object.");
      }
    });
    const result = Object.create(Schema2.prototype);
    result.implicit = (this.implicit || []).concat(implicit);
    result.explicit = (this.explicit || []).concat(explicit);
    result.compiledImplicit = compileList(result, "implicit");
    result.compiledExplicit = compileList(result, "explicit");
    result.compiledTypeMap = compileMap(result.compiledImplicit, result.compiledExplicit);
    return result;
  };
  schema = Schema2;
  return schema;
}
function requireStr() {
  if (hasRequiredStr) return str;
  hasRequiredStr = 1;
  const Type2 = requireType();
  str = new Type2("tag:yaml.org,2002:str", {
    kind: "scalar",
    construct: function(data) {
      return data !== null ? data : "";
    }
  });
  return str;
}
function requireSeq() {
  if (hasRequiredSeq) return seq;
  hasRequiredSeq = 1;
  const Type2 = requireType();
  seq = new Type2("tag:yaml.org,2002:seq", {
    kind: "sequence",
    construct: function(data) {
      return data !== null ? data : [];
    }
  });
  return seq;
}
function requireMap() {
  if (hasRequiredMap) return map;
  hasRequiredMap = 1;
  const Type2 = requireType();
  map = new Type2("tag:yaml.org,2002:map", {
    kind: "mapping",
    construct: function(data) {
      return data !== null ? data : {};
    }
  });
  return map;
}
function requireFailsafe() {
  if (hasRequiredFailsafe) return failsafe;
  hasRequiredFailsafe = 1;
  const Schema2 = requireSchema();
  failsafe = new Schema2({
    explicit: [
      requireStr(),
      requireSeq(),
      requireMap()
    ]
  });
  return failsafe;
}
function require_null() {
  if (hasRequired_null) return _null;
  hasRequired_null = 1;
  const Type2 = requireType();
  function resolveYamlNull(data) {
    if (data === null) return true;
    const max = data.length;
    return max === 1 && data === "~" || max === 4 && (data === "null" || data === "Null" || data === "NULL");
  }
  function constructYamlNull() {
    return null;
  }
  function isNull(object2) {
    return object2 === null;
  }
  _null = new Type2("tag:yaml.org,2002:null", {
    kind: "scalar",
    resolve: resolveYamlNull,
    construct: constructYamlNull,
    predicate: isNull,
    represent: {
      canonical: function() {
        return "~";
      },
      lowercase: function() {
        return "null";
      },
      uppercase: function() {
        return "NULL";
      },
      camelcase: function() {
        return "Null";
      },
      empty: function() {
        return "";
      }
    },
    defaultStyle: "lowercase"
  });
  return _null;
}
function requireBool() {
  if (hasRequiredBool) return bool;
  hasRequiredBool = 1;
  const Type2 = requireType();
  function resolveYamlBoolean(data) {
    if (data === null) return false;
    const max = data.length;
    return max === 4 && (data === "true" || data === "True" || data === "TRUE") || max === 5 && (data === "false" || data === "False" || data === "FALSE");
  }
  function constructYamlBoolean(data) {
    return data === "true" || data === "True" || data === "TRUE";
  }
  function isBoolean(object2) {
    return Object.prototype.toString.call(object2) === "[object Boolean]";
  }
  bool = new Type2("tag:yaml.org,2002:bool", {
    kind: "scalar",
    resolve: resolveYamlBoolean,
    construct: constructYamlBoolean,
    predicate: isBoolean,
    represent: {
      lowercase: function(object2) {
        return object2 ? "true" : "false";
      },
      uppercase: function(object2) {
        return object2 ? "TRUE" : "FALSE";
      },
      camelcase: function(object2) {
        return object2 ? "True" : "False";
      }
    },
    defaultStyle: "lowercase"
  });
  return bool;
}
function requireInt() {
  if (hasRequiredInt) return int;
  hasRequiredInt = 1;
  const common22 = requireCommon();
  const Type2 = requireType();
  function isHexCode(c) {
    return c >= 48 && c <= 57 || c >= 65 && c <= 70 || c >= 97 && c <= 102;
  }
  function isOctCode(c) {
    return c >= 48 && c <= 55;
  }
  function isDecCode(c) {
    return c >= 48 && c <= 57;
  }
  function resolveYamlInteger(data) {
    if (data === null) return false;
    const max = data.length;
    let index = 0;
    let hasDigits = false;
    if (!max) return false;
    let ch = data[index];
    if (ch === "-" || ch === "+") {
      ch = data[++index];
    }
    if (ch === "0") {
      if (index + 1 === max) return true;
      ch = data[++index];
      if (ch === "b") {
        index++;
        for (; index < max; index++) {
          ch = data[index];
          if (ch !== "0" && ch !== "1") return false;
          hasDigits = true;
        }
        return hasDigits && isFinite(parseYamlInteger(data));
      }
      if (ch === "x") {
        index++;
        for (; index < max; index++) {
          if (!isHexCode(data.charCodeAt(index))) return false;
          hasDigits = true;
        }
        return hasDigits && isFinite(parseYamlInteger(data));
      }
      if (ch === "o") {
        index++;
        for (; index < max; index++) {
          if (!isOctCode(data.charCodeAt(index))) return false;
          hasDigits = true;
        }
        return hasDigits && isFinite(parseYamlInteger(data));
      }
    }
    for (; index < max; index++) {
      if (!isDecCode(data.charCodeAt(index))) {
        return false;
      }
      hasDigits = true;
    }
    if (!hasDigits) return false;
    return isFinite(parseYamlInteger(data));
  }
  function parseYamlInteger(data) {
    let value = data;
    let sign = 1;
    let ch = value[0];
    if (ch === "-" || ch === "+") {
      if (ch === "-") sign = -1;
      value = value.slice(1);
      ch = value[0];
    }
    if (value === "0") return 0;
    if (ch === "0") {
      if (value[1] === "b") return sign * parseInt(value.slice(2), 2);
      if (value[1] === "x") return sign * parseInt(value.slice(2), 16);
      if (value[1] === "o") return sign * parseInt(value.slice(2), 8);
    }
    return sign * parseInt(value, 10);
  }
  function constructYamlInteger(data) {
    return parseYamlInteger(data);
  }
  function isInteger(object2) {
    return Object.prototype.toString.call(object2) === "[object Number]" && (object2 % 1 === 0 && !common22.isNegativeZero(object2));
  }
  int = new Type2("tag:yaml.org,2002:int", {
    kind: "scalar",
    resolve: resolveYamlInteger,
    construct: constructYamlInteger,
    predicate: isInteger,
    represent: {
      binary: function(obj) {
        return obj >= 0 ? "0b" + obj.toString(2) : "-0b" + obj.toString(2).slice(1);
      },
      octal: function(obj) {
        return obj >= 0 ? "0o" + obj.toString(8) : "-0o" + obj.toString(8).slice(1);
      },
      decimal: function(obj) {
        return obj.toString(10);
      },
      hexadecimal: function(obj) {
        return obj >= 0 ? "0x" + obj.toString(16).toUpperCase() : "-0x" + obj.toString(16).toUpperCase().slice(1);
      }
    },
    defaultStyle: "decimal",
    styleAliases: {
      binary: [2, "bin"],
      octal: [8, "oct"],
      decimal: [10, "dec"],
      hexadecimal: [16, "hex"]
    }
  });
  return int;
}
function requireFloat() {
  if (hasRequiredFloat) return float;
  hasRequiredFloat = 1;
  const common22 = requireCommon();
  const Type2 = requireType();
  const YAML_FLOAT_PATTERN = new RegExp(
    // 2.5e4, 2.5 and integers
    "^(?:[-+]?(?:[0-9]+)(?:\\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$"
  );
  const YAML_FLOAT_SPECIAL_PATTERN = new RegExp(
    "^(?:[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$"
  );
  function resolveYamlFloat(data) {
    if (data === null) return false;
    if (!YAML_FLOAT_PATTERN.test(data)) {
      return false;
    }
    if (isFinite(parseFloat(data, 10))) {
      return true;
    }
    return YAML_FLOAT_SPECIAL_PATTERN.test(data);
  }
  function constructYamlFloat(data) {
    let value = data.toLowerCase();
    const sign = value[0] === "-" ? -1 : 1;
    if ("+-".indexOf(value[0]) >= 0) {
      value = value.slice(1);
    }
    if (value === ".inf") {
      return sign === 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    } else if (value === ".nan") {
      return NaN;
    }
    return sign * parseFloat(value, 10);
  }
  const SCIENTIFIC_WITHOUT_DOT = /^[-+]?[0-9]+e/;
  function representYamlFloat(object2, style) {
    if (isNaN(object2)) {
      switch (style) {
        case "lowercase":
          return ".nan";
        case "uppercase":
          return ".NAN";
        case "camelcase":
          return ".NaN";
      }
    } else if (Number.POSITIVE_INFINITY === object2) {
      switch (style) {
        case "lowercase":
          return ".inf";
        case "uppercase":
          return ".INF";
        case "camelcase":
          return ".Inf";
      }
    } else if (Number.NEGATIVE_INFINITY === object2) {
      switch (style) {
        case "lowercase":
          return "-.inf";
        case "uppercase":
          return "-.INF";
        case "camelcase":
          return "-.Inf";
      }
    } else if (common22.isNegativeZero(object2)) {
      return "-0.0";
    }
    const res = object2.toString(10);
    return SCIENTIFIC_WITHOUT_DOT.test(res) ? res.replace("e", ".e") : res;
  }
  function isFloat(object2) {
    return Object.prototype.toString.call(object2) === "[object Number]" && (object2 % 1 !== 0 || common22.isNegativeZero(object2));
  }
  float = new Type2("tag:yaml.org,2002:float", {
    kind: "scalar",
    resolve: resolveYamlFloat,
    construct: constructYamlFloat,
    predicate: isFloat,
    represent: representYamlFloat,
    defaultStyle: "lowercase"
  });
  return float;
}
function requireJson() {
  if (hasRequiredJson) return json;
  hasRequiredJson = 1;
  json = requireFailsafe().extend({
    implicit: [
      require_null(),
      requireBool(),
      requireInt(),
      requireFloat()
    ]
  });
  return json;
}
function requireCore() {
  if (hasRequiredCore) return core;
  hasRequiredCore = 1;
  core = requireJson();
  return core;
}
function requireTimestamp() {
  if (hasRequiredTimestamp) return timestamp;
  hasRequiredTimestamp = 1;
  const Type2 = requireType();
  const YAML_DATE_REGEXP = new RegExp(
    "^([0-9][0-9][0-9][0-9])-([0-9][0-9])-([0-9][0-9])$"
  );
  const YAML_TIMESTAMP_REGEXP = new RegExp(
    "^([0-9][0-9][0-9][0-9])-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \\t]+)([0-9][0-9]?):([0-9][0-9]):([0-9][0-9])(?:\\.([0-9]*))?(?:[ \\t]*(Z|([-+])([0-9][0-9]?)(?::([0-9][0-9]))?))?$"
  );
  function resolveYamlTimestamp(data) {
    if (data === null) return false;
    if (YAML_DATE_REGEXP.exec(data) !== null) return true;
    if (YAML_TIMESTAMP_REGEXP.exec(data) !== null) return true;
    return false;
  }
  function constructYamlTimestamp(data) {
    let fraction = 0;
    let delta = null;
    let match = YAML_DATE_REGEXP.exec(data);
    if (match === null) match = YAML_TIMESTAMP_REGEXP.exec(data);
    if (match === null) throw new Error("Date resolve error");
    const year = +match[1];
    const month = +match[2] - 1;
    const day = +match[3];
    if (!match[4]) {
      return new Date(Date.UTC(year, month, day));
    }
    const hour = +match[4];
    const minute = +match[5];
    const second = +match[6];
    if (match[7]) {
      fraction = match[7].slice(0, 3);
      while (fraction.length < 3) {
        fraction += "0";
      }
      fraction = +fraction;
    }
    if (match[9]) {
      const tzHour = +match[10];
      const tzMinute = +(match[11] || 0);
      delta = (tzHour * 60 + tzMinute) * 6e4;
      if (match[9] === "-") delta = -delta;
    }
    const date = new Date(Date.UTC(year, month, day, hour, minute, second, fraction));
    if (delta) date.setTime(date.getTime() - delta);
    return date;
  }
  function representYamlTimestamp(object2) {
    return object2.toISOString();
  }
  timestamp = new Type2("tag:yaml.org,2002:timestamp", {
    kind: "scalar",
    resolve: resolveYamlTimestamp,
    construct: constructYamlTimestamp,
    instanceOf: Date,
    represent: representYamlTimestamp
  });
  return timestamp;
}
function requireMerge() {
  if (hasRequiredMerge) return merge3;
  hasRequiredMerge = 1;
  const Type2 = requireType();
  function resolveYamlMerge(data) {
    return data === "<<" || data === null;
  }
  merge3 = new Type2("tag:yaml.org,2002:merge", {
    kind: "scalar",
    resolve: resolveYamlMerge
  });
  return merge3;
}
function requireBinary() {
  if (hasRequiredBinary) return binary;
  hasRequiredBinary = 1;
  const Type2 = requireType();
  const BASE64_MAP = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n\r";
  function resolveYamlBinary(data) {
    if (data === null) return false;
    let bitlen = 0;
    const max = data.length;
    const map2 = BASE64_MAP;
    for (let idx = 0; idx < max; idx++) {
      const code3 = map2.indexOf(data.charAt(idx));
      if (code3 > 64) continue;
      if (code3 < 0) return false;
      bitlen += 6;
    }
    return bitlen % 8 === 0;
  }
  function constructYamlBinary(data) {
    const input = data.replace(/[\r\n=]/g, "");
    const max = input.length;
    const map2 = BASE64_MAP;
    let bits = 0;
    const result = [];
    for (let idx = 0; idx < max; idx++) {
      if (idx % 4 === 0 && idx) {
        result.push(bits >> 16 & 255);
        result.push(bits >> 8 & 255);
        result.push(bits & 255);
      }
      bits = bits << 6 | map2.indexOf(input.charAt(idx));
    }
    const tailbits = max % 4 * 6;
    if (tailbits === 0) {
      result.push(bits >> 16 & 255);
      result.push(bits >> 8 & 255);
      result.push(bits & 255);
    } else if (tailbits === 18) {
      result.push(bits >> 10 & 255);
      result.push(bits >> 2 & 255);
    } else if (tailbits === 12) {
      result.push(bits >> 4 & 255);
    }
    return new Uint8Array(result);
  }
  function representYamlBinary(object2) {
    let result = "";
    let bits = 0;
    const max = object2.length;
    const map2 = BASE64_MAP;
    for (let idx = 0; idx < max; idx++) {
      if (idx % 3 === 0 && idx) {
        result += map2[bits >> 18 & 63];
        result += map2[bits >> 12 & 63];
        result += map2[bits >> 6 & 63];
        result += map2[bits & 63];
      }
      bits = (bits << 8) + object2[idx];
    }
    const tail = max % 3;
    if (tail === 0) {
      result += map2[bits >> 18 & 63];
      result += map2[bits >> 12 & 63];
      result += map2[bits >> 6 & 63];
      result += map2[bits & 63];
    } else if (tail === 2) {
      result += map2[bits >> 10 & 63];
      result += map2[bits >> 4 & 63];
      result += map2[bits << 2 & 63];
      result += map2[64];
    } else if (tail === 1) {
      result += map2[bits >> 2 & 63];
      result += map2[bits << 4 & 63];
      result += map2[64];
      result += map2[64];
    }
    return result;
  }
  function isBinary(obj) {
    return Object.prototype.toString.call(obj) === "[object Uint8Array]";
  }
  binary = new Type2("tag:yaml.org,2002:binary", {
    kind: "scalar",
    resolve: resolveYamlBinary,
    construct: constructYamlBinary,
    predicate: isBinary,
    represent: representYamlBinary
  });
  return binary;
}
function requireOmap() {
  if (hasRequiredOmap) return omap;
  hasRequiredOmap = 1;
  const Type2 = requireType();
  const _hasOwnProperty = Object.prototype.hasOwnProperty;
  const _toString = Object.prototype.toString;
  function resolveYamlOmap(data) {
    if (data === null) return true;
    const objectKeys = {};
    const object2 = data;
    for (let index = 0, length = object2.length; index < length; index += 1) {
      const pair = object2[index];
      let pairHasKey = false;
      if (_toString.call(pair) !== "[object Object]") return false;
      let pairKey;
      for (pairKey in pair) {
        if (_hasOwnProperty.call(pair, pairKey)) {
          if (!pairHasKey) pairHasKey = true;
          else return false;
        }
      }
      if (!pairHasKey) return false;
      if (_hasOwnProperty.call(objectKeys, pairKey)) return false;
      Object.defineProperty(objectKeys, pairKey, { value: true });
    }
    return true;
  }
  function constructYamlOmap(data) {
    return data !== null ? data : [];
  }
  omap = new Type2("tag:yaml.org,2002:omap", {
    kind: "sequence",
    resolve: resolveYamlOmap,
    construct: constructYamlOmap
  });
  return omap;
}
function requirePairs() {
  if (hasRequiredPairs) return pairs2;
  hasRequiredPairs = 1;
  const Type2 = requireType();
  const _toString = Object.prototype.toString;
  function resolveYamlPairs(data) {
    if (data === null) return true;
    const object2 = data;
    const result = new Array(object2.length);
    for (let index = 0, length = object2.length; index < length; index += 1) {
      const pair = object2[index];
      if (_toString.call(pair) !== "[object Object]") return false;
      const keys = Object.keys(pair);
      if (keys.length !== 1) return false;
      result[index] = [keys[0], pair[keys[0]]];
    }
    return true;
  }
  function constructYamlPairs(data) {
    if (data === null) return [];
    const object2 = data;
    const result = new Array(object2.length);
    for (let index = 0, length = object2.length; index < length; index += 1) {
      const pair = object2[index];
      const keys = Object.keys(pair);
      result[index] = [keys[0], pair[keys[0]]];
    }
    return result;
  }
  pairs2 = new Type2("tag:yaml.org,2002:pairs", {
    kind: "sequence",
    resolve: resolveYamlPairs,
    construct: constructYamlPairs
  });
  return pairs2;
}
function requireSet() {
  if (hasRequiredSet) return set;
  hasRequiredSet = 1;
  const Type2 = requireType();
  const _hasOwnProperty = Object.prototype.hasOwnProperty;
  function resolveYamlSet(data) {
    if (data === null) return true;
    const object2 = data;
    for (const key2 in object2) {
      if (_hasOwnProperty.call(object2, key2)) {
        if (object2[key2] !== null) return false;
      }
    }
    return true;
  }
  function constructYamlSet(data) {
    return data !== null ? data : {};
  }
  set = new Type2("tag:yaml.org,2002:set", {
    kind: "mapping",
    resolve: resolveYamlSet,
    construct: constructYamlSet
  });
  return set;
}
function require_default() {
  if (hasRequired_default) return _default;
  hasRequired_default = 1;
  _default = requireCore().extend({
    implicit: [
      requireTimestamp(),
      requireMerge()
    ],
    explicit: [
      requireBinary(),
      requireOmap(),
      requirePairs(),
      requireSet()
    ]
  });
  return _default;
}
function requireLoader() {
  if (hasRequiredLoader) return loader;
  hasRequiredLoader = 1;
  const common22 = requireCommon();
  const YAMLException2 = requireException();
  const makeSnippet = requireSnippet();
  const DEFAULT_SCHEMA2 = require_default();
  const _hasOwnProperty = Object.prototype.hasOwnProperty;
  const CONTEXT_FLOW_IN = 1;
  const CONTEXT_FLOW_OUT = 2;
  const CONTEXT_BLOCK_IN = 3;
  const CONTEXT_BLOCK_OUT = 4;
  const CHOMPING_CLIP = 1;
  const CHOMPING_STRIP = 2;
  const CHOMPING_KEEP = 3;
  const PATTERN_NON_PRINTABLE = /[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?:[^\uD800-\uDBFF]|^)[\uDC00-\uDFFF]/;
  const PATTERN_NON_ASCII_LINE_BREAKS = /[\x85\u2028\u2029]/;
  const PATTERN_FLOW_INDICATORS = /[,\[\]{}]/;
  const PATTERN_TAG_HANDLE = /^(?:!|!!|![0-9A-Za-z-]+!)$/;
  const PATTERN_TAG_URI = /^(?:!|[^,\[\]{}])(?:%[0-9a-f]{2}|[0-9a-z\-#;/?:@&=+$,_.!~*'()\[\]])*$/i;
  function _class(obj) {
    return Object.prototype.toString.call(obj);
  }
  function isEol(c) {
    return c === 10 || c === 13;
  }
  function isWhiteSpace(c) {
    return c === 9 || c === 32;
  }
  function isWsOrEol(c) {
    return c === 9 || c === 32 || c === 10 || c === 13;
  }
  function isFlowIndicator(c) {
    return c === 44 || c === 91 || c === 93 || c === 123 || c === 125;
  }
  function fromHexCode(c) {
    if (c >= 48 && c <= 57) {
      return c - 48;
    }
    const lc = c | 32;
    if (lc >= 97 && lc <= 102) {
      return lc - 97 + 10;
    }
    return -1;
  }
  function escapedHexLen(c) {
    if (c === 120) {
      return 2;
    }
    if (c === 117) {
      return 4;
    }
    if (c === 85) {
      return 8;
    }
    return 0;
  }
  function fromDecimalCode(c) {
    if (c >= 48 && c <= 57) {
      return c - 48;
    }
    return -1;
  }
  function simpleEscapeSequence(c) {
    switch (c) {
      case 48:
        return "\0";
      case 97:
        return "\x07";
      case 98:
        return "\b";
      case 116:
        return "	";
      case 9:
        return "	";
      case 110:
        return "\n";
      case 118:
        return "\v";
      case 102:
        return "\f";
      case 114:
        return "\r";
      case 101:
        return "\x1B";
      case 32:
        return " ";
      case 34:
        return '"';
      case 47:
        return "/";
      case 92:
        return "\\";
      case 78:
        return "\x85";
      case 95:
        return "\xA0";
      case 76:
        return "\u2028";
      case 80:
        return "\u2029";
      default:
        return "";
    }
  }
  function charFromCodepoint(c) {
    if (c <= 65535) {
      return String.fromCharCode(c);
    }
    return String.fromCharCode(
      (c - 65536 >> 10) + 55296,
      (c - 65536 & 1023) + 56320
    );
  }
  function setProperty(object2, key2, value) {
    if (key2 === "__proto__") {
      Object.defineProperty(object2, key2, {
        configurable: true,
        enumerable: true,
        writable: true,
        value
      });
    } else {
      object2[key2] = value;
    }
  }
  const simpleEscapeCheck = new Array(256);
  const simpleEscapeMap = new Array(256);
  for (let i = 0; i < 256; i++) {
    simpleEscapeCheck[i] = simpleEscapeSequence(i) ? 1 : 0;
    simpleEscapeMap[i] = simpleEscapeSequence(i);
  }
  function State(input, options) {
    this.input = input;
    this.filename = options["filename"] || null;
    this.schema = options["schema"] || DEFAULT_SCHEMA2;
    this.onWarning = options["onWarning"] || null;
    this.legacy = options["legacy"] || false;
    this.json = options["json"] || false;
    this.listener = options["listener"] || null;
    this.maxDepth = typeof options["maxDepth"] === "number" ? options["maxDepth"] : 100;
    this.maxTotalMergeKeys = typeof options["maxTotalMergeKeys"] === "number" ? options["maxTotalMergeKeys"] : 1e4;
    this.implicitTypes = this.schema.compiledImplicit;
    this.typeMap = this.schema.compiledTypeMap;
    this.length = input.length;
    this.position = 0;
    this.line = 0;
    this.lineStart = 0;
    this.lineIndent = 0;
    this.depth = 0;
    this.totalMergeKeys = 0;
    this.firstTabInLine = -1;
    this.documents = [];
    this.anchorMapTransactions = [];
  }
  function generateError(state, message) {
    const mark = {
      name: state.filename,
      buffer: state.input.slice(0, -1),
      // omit trailing \0
      position: state.position,
      line: state.line,
      column: state.position - state.lineStart
    };
    mark.snippet = makeSnippet(mark);
    return new YAMLException2(message, mark);
  }
  function throwError(state, message) {
    throw generateError(state, message);
  }
  function throwWarning(state, message) {
    if (state.onWarning) {
      state.onWarning.call(null, generateError(state, message));
    }
  }
  function storeAnchor(state, name2, value) {
    const transactions = state.anchorMapTransactions;
    if (transactions.length !== 0) {
      const transaction = transactions[transactions.length - 1];
      if (!_hasOwnProperty.call(transaction, name2)) {
        transaction[name2] = {
          existed: _hasOwnProperty.call(state.anchorMap, name2),
          value: state.anchorMap[name2]
        };
      }
    }
    state.anchorMap[name2] = value;
  }
  function beginAnchorTransaction(state) {
    state.anchorMapTransactions.push(/* @__PURE__ */ Object.create(null));
  }
  function commitAnchorTransaction(state) {
    const transaction = state.anchorMapTransactions.pop();
    const transactions = state.anchorMapTransactions;
    if (transactions.length === 0) return;
    const parent = transactions[transactions.length - 1];
    const names = Object.keys(transaction);
    for (let index = 0, length = names.length; index < length; index += 1) {
      const name2 = names[index];
      if (!_hasOwnProperty.call(parent, name2)) {
        parent[name2] = transaction[name2];
      }
    }
  }
  function rollbackAnchorTransaction(state) {
    const transaction = state.anchorMapTransactions.pop();
    const names = Object.keys(transaction);
    for (let index = names.length - 1; index >= 0; index -= 1) {
      const entry2 = transaction[names[index]];
      if (entry2.existed) {
        state.anchorMap[names[index]] = entry2.value;
      } else {
        delete state.anchorMap[names[index]];
      }
    }
  }
  function snapshotState(state) {
    return {
      position: state.position,
      line: state.line,
      lineStart: state.lineStart,
      lineIndent: state.lineIndent,
      firstTabInLine: state.firstTabInLine,
      tag: state.tag,
      anchor: state.anchor,
      kind: state.kind,
      result: state.result
    };
  }
  function restoreState(state, snapshot) {
    state.position = snapshot.position;
    state.line = snapshot.line;
    state.lineStart = snapshot.lineStart;
    state.lineIndent = snapshot.lineIndent;
    state.firstTabInLine = snapshot.firstTabInLine;
    state.tag = snapshot.tag;
    state.anchor = snapshot.anchor;
    state.kind = snapshot.kind;
    state.result = snapshot.result;
  }
  const directiveHandlers = {
    YAML: function handleYamlDirective(state, name2, args) {
      if (state.version !== null) {
        throwError(state, "duplication of %YAML directive");
      }
      if (args.length !== 1) {
        throwError(state, "YAML directive accepts exactly one argument");
      }
      const match = /^([0-9]+)\.([0-9]+)$/.exec(args[0]);
      if (match === null) {
        throwError(state, "ill-formed argument of the YAML directive");
      }
      const major = parseInt(match[1], 10);
      const minor = parseInt(match[2], 10);
      if (major !== 1) {
        throwError(state, "unacceptable YAML version of the document");
      }
      state.version = args[0];
      state.checkLineBreaks = minor < 2;
      if (minor !== 1 && minor !== 2) {
        throwWarning(state, "unsupported YAML version of the document");
      }
    },
    TAG: function handleTagDirective(state, name2, args) {
      let prefix;
      if (args.length !== 2) {
        throwError(state, "TAG directive accepts exactly two arguments");
      }
      const handle = args[0];
      prefix = args[1];
      if (!PATTERN_TAG_HANDLE.test(handle)) {
        throwError(state, "ill-formed tag handle (first argument) of the TAG directive");
      }
      if (_hasOwnProperty.call(state.tagMap, handle)) {
        throwError(state, 'there is a previously declared suffix for "' + handle + '" tag handle');
      }
      if (!PATTERN_TAG_URI.test(prefix)) {
        throwError(state, "ill-formed tag prefix (second argument) of the TAG directive");
      }
      try {
        prefix = decodeURIComponent(prefix);
      } catch (err) {
        throwError(state, "tag prefix is malformed: " + prefix);
      }
      state.tagMap[handle] = prefix;
    }
  };
  function captureSegment(state, start, end, checkJson) {
    if (start < end) {
      const _result = state.input.slice(start, end);
      if (checkJson) {
        for (let _position = 0, _length = _result.length; _position < _length; _position += 1) {
          const _character = _result.charCodeAt(_position);
          if (!(_character === 9 || _character >= 32 && _character <= 1114111)) {
            throwError(state, "expected valid JSON character");
          }
        }
      } else if (PATTERN_NON_PRINTABLE.test(_result)) {
        throwError(state, "the stream contains non-printable characters");
      }
      state.result += _result;
    }
  }
  function chargeMergeWork(state) {
    state.totalMergeKeys++;
    if (state.maxTotalMergeKeys !== -1 && state.totalMergeKeys > state.maxTotalMergeKeys) {
      throwError(state, "merge keys exceeded maxTotalMergeKeys (" + state.maxTotalMergeKeys + ")");
    }
  }
  function mergeMappings(state, destination, source, overridableKeys) {
    if (!common22.isObject(source)) {
      throwError(state, "cannot merge mappings; the provided source object is unacceptable");
    }
    chargeMergeWork(state);
    const sourceKeys = Object.keys(source);
    for (let index = 0, quantity = sourceKeys.length; index < quantity; index += 1) {
      const key2 = sourceKeys[index];
      chargeMergeWork(state);
      if (!_hasOwnProperty.call(destination, key2)) {
        setProperty(destination, key2, source[key2]);
        overridableKeys[key2] = true;
      }
    }
  }
  function storeMappingPair(state, _result, overridableKeys, keyTag, keyNode, valueNode, startLine, startLineStart, startPos) {
    if (Array.isArray(keyNode)) {
      keyNode = Array.prototype.slice.call(keyNode);
      for (let index = 0, quantity = keyNode.length; index < quantity; index += 1) {
        if (Array.isArray(keyNode[index])) {
          throwError(state, "nested arrays are not supported inside keys");
        }
        if (typeof keyNode === "object" && _class(keyNode[index]) === "[object Object]") {
          keyNode[index] = "[object Object]";
        }
      }
    }
    if (typeof keyNode === "object" && _class(keyNode) === "[object Object]") {
      keyNode = "[object Object]";
    }
    keyNode = String(keyNode);
    if (_result === null) {
      _result = {};
    }
    if (keyTag === "tag:yaml.org,2002:merge") {
      if (Array.isArray(valueNode)) {
        if (valueNode.length > 100) {
          throwError(state, "abnormal merge sequence size");
        }
        for (let index = 0, quantity = valueNode.length; index < quantity; index += 1) {
          mergeMappings(state, _result, valueNode[index], overridableKeys);
        }
      } else {
        mergeMappings(state, _result, valueNode, overridableKeys);
      }
    } else {
      if (!state.json && !_hasOwnProperty.call(overridableKeys, keyNode) && _hasOwnProperty.call(_result, keyNode)) {
        state.line = startLine || state.line;
        state.lineStart = startLineStart || state.lineStart;
        state.position = startPos || state.position;
        throwError(state, "duplicated mapping key");
      }
      setProperty(_result, keyNode, valueNode);
      delete overridableKeys[keyNode];
    }
    return _result;
  }
  function readLineBreak(state) {
    const ch = state.input.charCodeAt(state.position);
    if (ch === 10) {
      state.position++;
    } else if (ch === 13) {
      state.position++;
      if (state.input.charCodeAt(state.position) === 10) {
        state.position++;
      }
    } else {
      throwError(state, "a line break is expected");
    }
    state.line += 1;
    state.lineStart = state.position;
    state.firstTabInLine = -1;
  }
  function skipSeparationSpace(state, allowComments, checkIndent) {
    let lineBreaks = 0;
    let ch = state.input.charCodeAt(state.position);
    while (ch !== 0) {
      while (isWhiteSpace(ch)) {
        if (ch === 9 && state.firstTabInLine === -1) {
          state.firstTabInLine = state.position;
        }
        ch = state.input.charCodeAt(++state.position);
      }
      if (allowComments && ch === 35) {
        do {
          ch = state.input.charCodeAt(++state.position);
        } while (ch !== 10 && ch !== 13 && ch !== 0);
      }
      if (isEol(ch)) {
        readLineBreak(state);
        ch = state.input.charCodeAt(state.position);
        lineBreaks++;
        state.lineIndent = 0;
        while (ch === 32) {
          state.lineIndent++;
          ch = state.input.charCodeAt(++state.position);
        }
      } else {
        break;
      }
    }
    if (checkIndent !== -1 && lineBreaks !== 0 && state.lineIndent < checkIndent) {
      throwWarning(state, "deficient indentation");
    }
    return lineBreaks;
  }
  function testDocumentSeparator(state) {
    let _position = state.position;
    let ch = state.input.charCodeAt(_position);
    if ((ch === 45 || ch === 46) && ch === state.input.charCodeAt(_position + 1) && ch === state.input.charCodeAt(_position + 2)) {
      _position += 3;
      ch = state.input.charCodeAt(_position);
      if (ch === 0 || isWsOrEol(ch)) {
        return true;
      }
    }
    return false;
  }
  function writeFoldedLines(state, count) {
    if (count === 1) {
      state.result += " ";
    } else if (count > 1) {
      state.result += common22.repeat("\n", count - 1);
    }
  }
  function readPlainScalar(state, nodeIndent, withinFlowCollection) {
    let captureStart;
    let captureEnd;
    let hasPendingContent;
    let _line;
    let _lineStart;
    let _lineIndent;
    const _kind = state.kind;
    const _result = state.result;
    let ch = state.input.charCodeAt(state.position);
    if (isWsOrEol(ch) || isFlowIndicator(ch) || ch === 35 || ch === 38 || ch === 42 || ch === 33 || ch === 124 || ch === 62 || ch === 39 || ch === 34 || ch === 37 || ch === 64 || ch === 96) {
      return false;
    }
    if (ch === 63 || ch === 45) {
      const following = state.input.charCodeAt(state.position + 1);
      if (isWsOrEol(following) || withinFlowCollection && isFlowIndicator(following)) {
        return false;
      }
    }
    state.kind = "scalar";
    state.result = "";
    captureStart = captureEnd = state.position;
    hasPendingContent = false;
    while (ch !== 0) {
      if (ch === 58) {
        const following = state.input.charCodeAt(state.position + 1);
        if (isWsOrEol(following) || withinFlowCollection && isFlowIndicator(following)) {
          break;
        }
      } else if (ch === 35) {
        const preceding = state.input.charCodeAt(state.position - 1);
        if (isWsOrEol(preceding)) {
          break;
        }
      } else if (state.position === state.lineStart && testDocumentSeparator(state) || withinFlowCollection && isFlowIndicator(ch)) {
        break;
      } else if (isEol(ch)) {
        _line = state.line;
        _lineStart = state.lineStart;
        _lineIndent = state.lineIndent;
        skipSeparationSpace(state, false, -1);
        if (state.lineIndent >= nodeIndent) {
          hasPendingContent = true;
          ch = state.input.charCodeAt(state.position);
          continue;
        } else {
          state.position = captureEnd;
          state.line = _line;
          state.lineStart = _lineStart;
          state.lineIndent = _lineIndent;
          break;
        }
      }
      if (hasPendingContent) {
        captureSegment(state, captureStart, captureEnd, false);
        writeFoldedLines(state, state.line - _line);
        captureStart = captureEnd = state.position;
        hasPendingContent = false;
      }
      if (!isWhiteSpace(ch)) {
        captureEnd = state.position + 1;
      }
      ch = state.input.charCodeAt(++state.position);
    }
    captureSegment(state, captureStart, captureEnd, false);
    if (state.result) {
      return true;
    }
    state.kind = _kind;
    state.result = _result;
    return false;
  }
  function readSingleQuotedScalar(state, nodeIndent) {
    let captureStart;
    let captureEnd;
    let ch = state.input.charCodeAt(state.position);
    if (ch !== 39) {
      return false;
    }
    state.kind = "scalar";
    state.result = "";
    state.position++;
    captureStart = captureEnd = state.position;
    while ((ch = state.input.charCodeAt(state.position)) !== 0) {
      if (ch === 39) {
        captureSegment(state, captureStart, state.position, true);
        ch = state.input.charCodeAt(++state.position);
        if (ch === 39) {
          captureStart = state.position;
          state.position++;
          captureEnd = state.position;
        } else {
          return true;
        }
      } else if (isEol(ch)) {
        captureSegment(state, captureStart, captureEnd, true);
        writeFoldedLines(state, skipSeparationSpace(state, false, nodeIndent));
        captureStart = captureEnd = state.position;
      } else if (state.position === state.lineStart && testDocumentSeparator(state)) {
        throwError(state, "unexpected end of the document within a single quoted scalar");
      } else {
        state.position++;
        if (!isWhiteSpace(ch)) {
          captureEnd = state.position;
        }
      }
    }
    throwError(state, "unexpected end of the stream within a single quoted scalar");
  }
  function readDoubleQuotedScalar(state, nodeIndent) {
    let captureStart;
    let captureEnd;
    let tmp;
    let ch = state.input.charCodeAt(state.position);
    if (ch !== 34) {
      return false;
    }
    state.kind = "scalar";
    state.result = "";
    state.position++;
    captureStart = captureEnd = state.position;
    while ((ch = state.input.charCodeAt(state.position)) !== 0) {
      if (ch === 34) {
        captureSegment(state, captureStart, state.position, true);
        state.position++;
        return true;
      } else if (ch === 92) {
        captureSegment(state, captureStart, state.position, true);
        ch = state.input.charCodeAt(++state.position);
        if (isEol(ch)) {
          skipSeparationSpace(state, false, nodeIndent);
        } else if (ch < 256 && simpleEscapeCheck[ch]) {
          state.result += simpleEscapeMap[ch];
          state.position++;
        } else if ((tmp = escapedHexLen(ch)) > 0) {
          let hexLength = tmp;
          let hexResult = 0;
          for (; hexLength > 0; hexLength--) {
            ch = state.input.charCodeAt(++state.position);
            if ((tmp = fromHexCode(ch)) >= 0) {
              hexResult = (hexResult << 4) + tmp;
            } else {
              throwError(state, "expected hexadecimal character");
            }
          }
          state.result += charFromCodepoint(hexResult);
          state.position++;
        } else {
          throwError(state, "unknown escape sequence");
        }
        captureStart = captureEnd = state.position;
      } else if (isEol(ch)) {
        captureSegment(state, captureStart, captureEnd, true);
        writeFoldedLines(state, skipSeparationSpace(state, false, nodeIndent));
        captureStart = captureEnd = state.position;
      } else if (state.position === state.lineStart && testDocumentSeparator(state)) {
        throwError(state, "unexpected end of the document within a double quoted scalar");
      } else {
        state.position++;
        if (!isWhiteSpace(ch)) {
          captureEnd = state.position;
        }
      }
    }
    throwError(state, "unexpected end of the stream within a double quoted scalar");
  }
  function readFlowCollection(state, nodeIndent) {
    let readNext = true;
    let _line;
    let _lineStart;
    let _pos;
    const _tag = state.tag;
    let _result;
    const _anchor = state.anchor;
    let terminator;
    let isPair;
    let isExplicitPair;
    let isMapping;
    const overridableKeys = /* @__PURE__ */ Object.create(null);
    let keyNode;
    let keyTag;
    let valueNode;
    let ch = state.input.charCodeAt(state.position);
    if (ch === 91) {
      terminator = 93;
      isMapping = false;
      _result = [];
    } else if (ch === 123) {
      terminator = 125;
      isMapping = true;
      _result = {};
    } else {
      return false;
    }
    if (state.anchor !== null) {
      storeAnchor(state, state.anchor, _result);
    }
    ch = state.input.charCodeAt(++state.position);
    while (ch !== 0) {
      skipSeparationSpace(state, true, nodeIndent);
      ch = state.input.charCodeAt(state.position);
      if (ch === terminator) {
        state.position++;
        state.tag = _tag;
        state.anchor = _anchor;
        state.kind = isMapping ? "mapping" : "sequence";
        state.result = _result;
        return true;
      } else if (!readNext) {
        throwError(state, "missed comma between flow collection entries");
      } else if (ch === 44) {
        throwError(state, "expected the node content, but found ','");
      }
      keyTag = keyNode = valueNode = null;
      isPair = isExplicitPair = false;
      if (ch === 63) {
        const following = state.input.charCodeAt(state.position + 1);
        if (isWsOrEol(following)) {
          isPair = isExplicitPair = true;
          state.position++;
          skipSeparationSpace(state, true, nodeIndent);
        }
      }
      _line = state.line;
      _lineStart = state.lineStart;
      _pos = state.position;
      composeNode(state, nodeIndent, CONTEXT_FLOW_IN, false, true);
      keyTag = state.tag;
      keyNode = state.result;
      skipSeparationSpace(state, true, nodeIndent);
      ch = state.input.charCodeAt(state.position);
      if ((isExplicitPair || state.line === _line) && ch === 58) {
        isPair = true;
        ch = state.input.charCodeAt(++state.position);
        skipSeparationSpace(state, true, nodeIndent);
        composeNode(state, nodeIndent, CONTEXT_FLOW_IN, false, true);
        valueNode = state.result;
      }
      if (isMapping) {
        storeMappingPair(state, _result, overridableKeys, keyTag, keyNode, valueNode, _line, _lineStart, _pos);
      } else if (isPair) {
        _result.push(storeMappingPair(state, null, overridableKeys, keyTag, keyNode, valueNode, _line, _lineStart, _pos));
      } else {
        _result.push(keyNode);
      }
      skipSeparationSpace(state, true, nodeIndent);
      ch = state.input.charCodeAt(state.position);
      if (ch === 44) {
        readNext = true;
        ch = state.input.charCodeAt(++state.position);
      } else {
        readNext = false;
      }
    }
    throwError(state, "unexpected end of the stream within a flow collection");
  }
  function readBlockScalar(state, nodeIndent) {
    let folding;
    let chomping = CHOMPING_CLIP;
    let didReadContent = false;
    let detectedIndent = false;
    let textIndent = nodeIndent;
    let emptyLines = 0;
    let atMoreIndented = false;
    let tmp;
    let ch = state.input.charCodeAt(state.position);
    if (ch === 124) {
      folding = false;
    } else if (ch === 62) {
      folding = true;
    } else {
      return false;
    }
    state.kind = "scalar";
    state.result = "";
    while (ch !== 0) {
      ch = state.input.charCodeAt(++state.position);
      if (ch === 43 || ch === 45) {
        if (CHOMPING_CLIP === chomping) {
          chomping = ch === 43 ? CHOMPING_KEEP : CHOMPING_STRIP;
        } else {
          throwError(state, "repeat of a chomping mode identifier");
        }
      } else if ((tmp = fromDecimalCode(ch)) >= 0) {
        if (tmp === 0) {
          throwError(state, "bad explicit indentation width of a block scalar; it cannot be less than one");
        } else if (!detectedIndent) {
          textIndent = nodeIndent + tmp - 1;
          detectedIndent = true;
        } else {
          throwError(state, "repeat of an indentation width identifier");
        }
      } else {
        break;
      }
    }
    if (isWhiteSpace(ch)) {
      do {
        ch = state.input.charCodeAt(++state.position);
      } while (isWhiteSpace(ch));
      if (ch === 35) {
        do {
          ch = state.input.charCodeAt(++state.position);
        } while (!isEol(ch) && ch !== 0);
      }
    }
    while (ch !== 0) {
      readLineBreak(state);
      state.lineIndent = 0;
      ch = state.input.charCodeAt(state.position);
      while ((!detectedIndent || state.lineIndent < textIndent) && ch === 32) {
        state.lineIndent++;
        ch = state.input.charCodeAt(++state.position);
      }
      if (!detectedIndent && state.lineIndent > textIndent) {
        textIndent = state.lineIndent;
      }
      if (isEol(ch)) {
        emptyLines++;
        continue;
      }
      if (!detectedIndent && textIndent === 0) {
        throwError(state, "missing indentation for block scalar");
      }
      if (state.lineIndent < textIndent) {
        if (chomping === CHOMPING_KEEP) {
          state.result += common22.repeat("\n", didReadContent ? 1 + emptyLines : emptyLines);
        } else if (chomping === CHOMPING_CLIP) {
          if (didReadContent) {
            state.result += "\n";
          }
        }
        break;
      }
      if (folding) {
        if (isWhiteSpace(ch)) {
          atMoreIndented = true;
          state.result += common22.repeat("\n", didReadContent ? 1 + emptyLines : emptyLines);
        } else if (atMoreIndented) {
          atMoreIndented = false;
          state.result += common22.repeat("\n", emptyLines + 1);
        } else if (emptyLines === 0) {
          if (didReadContent) {
            state.result += " ";
          }
        } else {
          state.result += common22.repeat("\n", emptyLines);
        }
      } else {
        state.result += common22.repeat("\n", didReadContent ? 1 + emptyLines : emptyLines);
      }
      didReadContent = true;
      detectedIndent = true;
      emptyLines = 0;
      const captureStart = state.position;
      while (!isEol(ch) && ch !== 0) {
        ch = state.input.charCodeAt(++state.position);
      }
      captureSegment(state, captureStart, state.position, false);
    }
    return true;
  }
  function readBlockSequence(state, nodeIndent) {
    const _tag = state.tag;
    const _anchor = state.anchor;
    const _result = [];
    let detected = false;
    if (state.firstTabInLine !== -1) return false;
    if (state.anchor !== null) {
      storeAnchor(state, state.anchor, _result);
    }
    let ch = state.input.charCodeAt(state.position);
    while (ch !== 0) {
      if (state.firstTabInLine !== -1) {
        state.position = state.firstTabInLine;
        throwError(state, "tab characters must not be used in indentation");
      }
      if (ch !== 45) {
        break;
      }
      const following = state.input.charCodeAt(state.position + 1);
      if (!isWsOrEol(following)) {
        break;
      }
      detected = true;
      state.position++;
      if (skipSeparationSpace(state, true, -1)) {
        if (state.lineIndent <= nodeIndent) {
          _result.push(null);
          ch = state.input.charCodeAt(state.position);
          continue;
        }
      }
      const _line = state.line;
      composeNode(state, nodeIndent, CONTEXT_BLOCK_IN, false, true);
      _result.push(state.result);
      skipSeparationSpace(state, true, -1);
      ch = state.input.charCodeAt(state.position);
      if ((state.line === _line || state.lineIndent > nodeIndent) && ch !== 0) {
        throwError(state, "bad indentation of a sequence entry");
      } else if (state.lineIndent < nodeIndent) {
        break;
      }
    }
    if (detected) {
      state.tag = _tag;
      state.anchor = _anchor;
      state.kind = "sequence";
      state.result = _result;
      return true;
    }
    return false;
  }
  function readBlockMapping(state, nodeIndent, flowIndent) {
    let allowCompact;
    let _keyLine;
    let _keyLineStart;
    let _keyPos;
    const _tag = state.tag;
    const _anchor = state.anchor;
    const _result = {};
    const overridableKeys = /* @__PURE__ */ Object.create(null);
    let keyTag = null;
    let keyNode = null;
    let valueNode = null;
    let atExplicitKey = false;
    let detected = false;
    if (state.firstTabInLine !== -1) return false;
    if (state.anchor !== null) {
      storeAnchor(state, state.anchor, _result);
    }
    let ch = state.input.charCodeAt(state.position);
    while (ch !== 0) {
      if (!atExplicitKey && state.firstTabInLine !== -1) {
        state.position = state.firstTabInLine;
        throwError(state, "tab characters must not be used in indentation");
      }
      const following = state.input.charCodeAt(state.position + 1);
      const _line = state.line;
      if ((ch === 63 || ch === 58) && isWsOrEol(following)) {
        if (ch === 63) {
          if (atExplicitKey) {
            storeMappingPair(state, _result, overridableKeys, keyTag, keyNode, null, _keyLine, _keyLineStart, _keyPos);
            keyTag = keyNode = valueNode = null;
          }
          detected = true;
          atExplicitKey = true;
          allowCompact = true;
        } else if (atExplicitKey) {
          atExplicitKey = false;
          allowCompact = true;
        } else {
          throwError(state, "incomplete explicit mapping pair; a key node is missed; or followed by a non-tabulated empty line");
        }
        state.position += 1;
        ch = following;
      } else {
        _keyLine = state.line;
        _keyLineStart = state.lineStart;
        _keyPos = state.position;
        if (!composeNode(state, flowIndent, CONTEXT_FLOW_OUT, false, true)) {
          break;
        }
        if (state.line === _line) {
          ch = state.input.charCodeAt(state.position);
          while (isWhiteSpace(ch)) {
            ch = state.input.charCodeAt(++state.position);
          }
          if (ch === 58) {
            ch = state.input.charCodeAt(++state.position);
            if (!isWsOrEol(ch)) {
              throwError(state, "a whitespace character is expected after the key-value separator within a block mapping");
            }
            if (atExplicitKey) {
              storeMappingPair(state, _result, overridableKeys, keyTag, keyNode, null, _keyLine, _keyLineStart, _keyPos);
              keyTag = keyNode = valueNode = null;
            }
            detected = true;
            atExplicitKey = false;
            allowCompact = false;
            keyTag = state.tag;
            keyNode = state.result;
          } else if (detected) {
            throwError(state, "can not read an implicit mapping pair; a colon is missed");
          } else {
            state.tag = _tag;
            state.anchor = _anchor;
            return true;
          }
        } else if (detected) {
          throwError(state, "can not read a block mapping entry; a multiline key may not be an implicit key");
        } else {
          state.tag = _tag;
          state.anchor = _anchor;
          return true;
        }
      }
      if (state.line === _line || state.lineIndent > nodeIndent) {
        if (atExplicitKey) {
          _keyLine = state.line;
          _keyLineStart = state.lineStart;
          _keyPos = state.position;
        }
        if (composeNode(state, nodeIndent, CONTEXT_BLOCK_OUT, true, allowCompact)) {
          if (atExplicitKey) {
            keyNode = state.result;
          } else {
            valueNode = state.result;
          }
        }
        if (!atExplicitKey) {
          storeMappingPair(state, _result, overridableKeys, keyTag, keyNode, valueNode, _keyLine, _keyLineStart, _keyPos);
          keyTag = keyNode = valueNode = null;
        }
        skipSeparationSpace(state, true, -1);
        ch = state.input.charCodeAt(state.position);
      }
      if ((state.line === _line || state.lineIndent > nodeIndent) && ch !== 0) {
        throwError(state, "bad indentation of a mapping entry");
      } else if (state.lineIndent < nodeIndent) {
        break;
      }
    }
    if (atExplicitKey) {
      storeMappingPair(state, _result, overridableKeys, keyTag, keyNode, null, _keyLine, _keyLineStart, _keyPos);
    }
    if (detected) {
      state.tag = _tag;
      state.anchor = _anchor;
      state.kind = "mapping";
      state.result = _result;
    }
    return detected;
  }
  function readTagProperty(state) {
    let isVerbatim = false;
    let isNamed = false;
    let tagHandle;
    let tagName;
    let ch = state.input.charCodeAt(state.position);
    if (ch !== 33) return false;
    if (state.tag !== null) {
      throwError(state, "duplication of a tag property");
    }
    ch = state.input.charCodeAt(++state.position);
    if (ch === 60) {
      isVerbatim = true;
      ch = state.input.charCodeAt(++state.position);
    } else if (ch === 33) {
      isNamed = true;
      tagHandle = "!!";
      ch = state.input.charCodeAt(++state.position);
    } else {
      tagHandle = "!";
    }
    let _position = state.position;
    if (isVerbatim) {
      do {
        ch = state.input.charCodeAt(++state.position);
      } while (ch !== 0 && ch !== 62);
      if (state.position < state.length) {
        tagName = state.input.slice(_position, state.position);
        ch = state.input.charCodeAt(++state.position);
      } else {
        throwError(state, "unexpected end of the stream within a verbatim tag");
      }
    } else {
      while (ch !== 0 && !isWsOrEol(ch)) {
        if (ch === 33) {
          if (!isNamed) {
            tagHandle = state.input.slice(_position - 1, state.position + 1);
            if (!PATTERN_TAG_HANDLE.test(tagHandle)) {
              throwError(state, "named tag handle cannot contain such characters");
            }
            isNamed = true;
            _position = state.position + 1;
          } else {
            throwError(state, "tag suffix cannot contain exclamation marks");
          }
        }
        ch = state.input.charCodeAt(++state.position);
      }
      tagName = state.input.slice(_position, state.position);
      if (PATTERN_FLOW_INDICATORS.test(tagName)) {
        throwError(state, "tag suffix cannot contain flow indicator characters");
      }
    }
    if (tagName && !PATTERN_TAG_URI.test(tagName)) {
      throwError(state, "tag name cannot contain such characters: " + tagName);
    }
    try {
      tagName = decodeURIComponent(tagName);
    } catch (err) {
      throwError(state, "tag name is malformed: " + tagName);
    }
    if (isVerbatim) {
      state.tag = tagName;
    } else if (_hasOwnProperty.call(state.tagMap, tagHandle)) {
      state.tag = state.tagMap[tagHandle] + tagName;
    } else if (tagHandle === "!") {
      state.tag = "!" + tagName;
    } else if (tagHandle === "!!") {
      state.tag = "tag:yaml.org,2002:" + tagName;
    } else {
      throwError(state, 'undeclared tag handle "' + tagHandle + '"');
    }
    return true;
  }
  function readAnchorProperty(state) {
    let ch = state.input.charCodeAt(state.position);
    if (ch !== 38) return false;
    if (state.anchor !== null) {
      throwError(state, "duplication of an anchor property");
    }
    ch = state.input.charCodeAt(++state.position);
    const _position = state.position;
    while (ch !== 0 && !isWsOrEol(ch) && !isFlowIndicator(ch)) {
      ch = state.input.charCodeAt(++state.position);
    }
    if (state.position === _position) {
      throwError(state, "name of an anchor node must contain at least one character");
    }
    state.anchor = state.input.slice(_position, state.position);
    return true;
  }
  function readAlias(state) {
    let ch = state.input.charCodeAt(state.position);
    if (ch !== 42) return false;
    ch = state.input.charCodeAt(++state.position);
    const _position = state.position;
    while (ch !== 0 && !isWsOrEol(ch) && !isFlowIndicator(ch)) {
      ch = state.input.charCodeAt(++state.position);
    }
    if (state.position === _position) {
      throwError(state, "name of an alias node must contain at least one character");
    }
    const alias = state.input.slice(_position, state.position);
    if (!_hasOwnProperty.call(state.anchorMap, alias)) {
      throwError(state, 'unidentified alias "' + alias + '"');
    }
    state.result = state.anchorMap[alias];
    skipSeparationSpace(state, true, -1);
    return true;
  }
  function tryReadBlockMappingFromProperty(state, propertyStart, nodeIndent, flowIndent) {
    const fallbackState = snapshotState(state);
    beginAnchorTransaction(state);
    restoreState(state, propertyStart);
    state.tag = null;
    state.anchor = null;
    state.kind = null;
    state.result = null;
    if (readBlockMapping(state, nodeIndent, flowIndent) && state.kind === "mapping") {
      commitAnchorTransaction(state);
      return true;
    }
    rollbackAnchorTransaction(state);
    restoreState(state, fallbackState);
    return false;
  }
  function composeNode(state, parentIndent, nodeContext, allowToSeek, allowCompact) {
    let allowBlockScalars;
    let allowBlockCollections;
    let indentStatus = 1;
    let atNewLine = false;
    let hasContent = false;
    let propertyStart = null;
    let type2;
    let flowIndent;
    let blockIndent;
    if (state.depth >= state.maxDepth) {
      throwError(state, "nesting exceeded maxDepth (" + state.maxDepth + ")");
    }
    state.depth += 1;
    if (state.listener !== null) {
      state.listener("open", state);
    }
    state.tag = null;
    state.anchor = null;
    state.kind = null;
    state.result = null;
    const allowBlockStyles = allowBlockScalars = allowBlockCollections = CONTEXT_BLOCK_OUT === nodeContext || CONTEXT_BLOCK_IN === nodeContext;
    if (allowToSeek) {
      if (skipSeparationSpace(state, true, -1)) {
        atNewLine = true;
        if (state.lineIndent > parentIndent) {
          indentStatus = 1;
        } else if (state.lineIndent === parentIndent) {
          indentStatus = 0;
        } else if (state.lineIndent < parentIndent) {
          indentStatus = -1;
        }
      }
    }
    if (indentStatus === 1) {
      while (true) {
        const ch = state.input.charCodeAt(state.position);
        const propertyState = snapshotState(state);
        if (atNewLine && (ch === 33 && state.tag !== null || ch === 38 && state.anchor !== null)) {
          break;
        }
        if (!readTagProperty(state) && !readAnchorProperty(state)) {
          break;
        }
        if (propertyStart === null) {
          propertyStart = propertyState;
        }
        if (skipSeparationSpace(state, true, -1)) {
          atNewLine = true;
          allowBlockCollections = allowBlockStyles;
          if (state.lineIndent > parentIndent) {
            indentStatus = 1;
          } else if (state.lineIndent === parentIndent) {
            indentStatus = 0;
          } else if (state.lineIndent < parentIndent) {
            indentStatus = -1;
          }
        } else {
          allowBlockCollections = false;
        }
      }
    }
    if (allowBlockCollections) {
      allowBlockCollections = atNewLine || allowCompact;
    }
    if (indentStatus === 1 || CONTEXT_BLOCK_OUT === nodeContext) {
      if (CONTEXT_FLOW_IN === nodeContext || CONTEXT_FLOW_OUT === nodeContext) {
        flowIndent = parentIndent;
      } else {
        flowIndent = parentIndent + 1;
      }
      blockIndent = state.position - state.lineStart;
      if (indentStatus === 1) {
        if (allowBlockCollections && (readBlockSequence(state, blockIndent) || readBlockMapping(state, blockIndent, flowIndent)) || readFlowCollection(state, flowIndent)) {
          hasContent = true;
        } else {
          const ch = state.input.charCodeAt(state.position);
          if (propertyStart !== null && allowBlockStyles && !allowBlockCollections && ch !== 124 && ch !== 62 && tryReadBlockMappingFromProperty(
            state,
            propertyStart,
            propertyStart.position - propertyStart.lineStart,
            flowIndent
          )) {
            hasContent = true;
          } else if (allowBlockScalars && readBlockScalar(state, flowIndent) || readSingleQuotedScalar(state, flowIndent) || readDoubleQuotedScalar(state, flowIndent)) {
            hasContent = true;
          } else if (readAlias(state)) {
            hasContent = true;
            if (state.tag !== null || state.anchor !== null) {
              throwError(state, "alias node should not have any properties");
            }
          } else if (readPlainScalar(state, flowIndent, CONTEXT_FLOW_IN === nodeContext)) {
            hasContent = true;
            if (state.tag === null) {
              state.tag = "?";
            }
          }
          if (state.anchor !== null) {
            storeAnchor(state, state.anchor, state.result);
          }
        }
      } else if (indentStatus === 0) {
        hasContent = allowBlockCollections && readBlockSequence(state, blockIndent);
      }
    }
    if (state.tag === null) {
      if (state.anchor !== null) {
        storeAnchor(state, state.anchor, state.result);
      }
    } else if (state.tag === "?") {
      if (state.result !== null && state.kind !== "scalar") {
        throwError(state, 'unacceptable node kind for !<?> tag; it should be "scalar", not "' + state.kind + '"');
      }
      for (let typeIndex = 0, typeQuantity = state.implicitTypes.length; typeIndex < typeQuantity; typeIndex += 1) {
        type2 = state.implicitTypes[typeIndex];
        if (type2.resolve(state.result)) {
          state.result = type2.construct(state.result);
          state.tag = type2.tag;
          if (state.anchor !== null) {
            storeAnchor(state, state.anchor, state.result);
          }
          break;
        }
      }
    } else if (state.tag !== "!") {
      if (_hasOwnProperty.call(state.typeMap[state.kind || "fallback"], state.tag)) {
        type2 = state.typeMap[state.kind || "fallback"][state.tag];
      } else {
        type2 = null;
        const typeList = state.typeMap.multi[state.kind || "fallback"];
        for (let typeIndex = 0, typeQuantity = typeList.length; typeIndex < typeQuantity; typeIndex += 1) {
          if (state.tag.slice(0, typeList[typeIndex].tag.length) === typeList[typeIndex].tag) {
            type2 = typeList[typeIndex];
            break;
          }
        }
      }
      if (!type2) {
        throwError(state, "unknown tag !<" + state.tag + ">");
      }
      if (state.result !== null && type2.kind !== state.kind) {
        throwError(state, "unacceptable node kind for !<" + state.tag + '> tag; it should be "' + type2.kind + '", not "' + state.kind + '"');
      }
      if (!type2.resolve(state.result, state.tag)) {
        throwError(state, "cannot resolve a node with !<" + state.tag + "> explicit tag");
      } else {
        state.result = type2.construct(state.result, state.tag);
        if (state.anchor !== null) {
          storeAnchor(state, state.anchor, state.result);
        }
      }
    }
    if (state.listener !== null) {
      state.listener("close", state);
    }
    state.depth -= 1;
    return state.tag !== null || state.anchor !== null || hasContent;
  }
  function readDocument(state) {
    const documentStart = state.position;
    let hasDirectives = false;
    let ch;
    state.version = null;
    state.checkLineBreaks = state.legacy;
    state.tagMap = /* @__PURE__ */ Object.create(null);
    state.anchorMap = /* @__PURE__ */ Object.create(null);
    while ((ch = state.input.charCodeAt(state.position)) !== 0) {
      skipSeparationSpace(state, true, -1);
      ch = state.input.charCodeAt(state.position);
      if (state.lineIndent > 0 || ch !== 37) {
        break;
      }
      hasDirectives = true;
      ch = state.input.charCodeAt(++state.position);
      let _position = state.position;
      while (ch !== 0 && !isWsOrEol(ch)) {
        ch = state.input.charCodeAt(++state.position);
      }
      const directiveName = state.input.slice(_position, state.position);
      const directiveArgs = [];
      if (directiveName.length < 1) {
        throwError(state, "directive name must not be less than one character in length");
      }
      while (ch !== 0) {
        while (isWhiteSpace(ch)) {
          ch = state.input.charCodeAt(++state.position);
        }
        if (ch === 35) {
          do {
            ch = state.input.charCodeAt(++state.position);
          } while (ch !== 0 && !isEol(ch));
          break;
        }
        if (isEol(ch)) break;
        _position = state.position;
        while (ch !== 0 && !isWsOrEol(ch)) {
          ch = state.input.charCodeAt(++state.position);
        }
        directiveArgs.push(state.input.slice(_position, state.position));
      }
      if (ch !== 0) readLineBreak(state);
      if (_hasOwnProperty.call(directiveHandlers, directiveName)) {
        directiveHandlers[directiveName](state, directiveName, directiveArgs);
      } else {
        throwWarning(state, 'unknown document directive "' + directiveName + '"');
      }
    }
    skipSeparationSpace(state, true, -1);
    if (state.lineIndent === 0 && state.input.charCodeAt(state.position) === 45 && state.input.charCodeAt(state.position + 1) === 45 && state.input.charCodeAt(state.position + 2) === 45) {
      state.position += 3;
      skipSeparationSpace(state, true, -1);
    } else if (hasDirectives) {
      throwError(state, "directives end mark is expected");
    }
    composeNode(state, state.lineIndent - 1, CONTEXT_BLOCK_OUT, false, true);
    skipSeparationSpace(state, true, -1);
    if (state.checkLineBreaks && PATTERN_NON_ASCII_LINE_BREAKS.test(state.input.slice(documentStart, state.position))) {
      throwWarning(state, "non-ASCII line breaks are interpreted as content");
    }
    state.documents.push(state.result);
    if (state.position === state.lineStart && testDocumentSeparator(state)) {
      if (state.input.charCodeAt(state.position) === 46) {
        state.position += 3;
        skipSeparationSpace(state, true, -1);
      }
      return;
    }
    if (state.position < state.length - 1) {
      throwError(state, "end of the stream or a document separator is expected");
    }
  }
  function loadDocuments(input, options) {
    input = String(input);
    options = options || {};
    if (input.length !== 0) {
      if (input.charCodeAt(input.length - 1) !== 10 && input.charCodeAt(input.length - 1) !== 13) {
        input += "\n";
      }
      if (input.charCodeAt(0) === 65279) {
        input = input.slice(1);
      }
    }
    const state = new State(input, options);
    const nullpos = input.indexOf("\0");
    if (nullpos !== -1) {
      state.position = nullpos;
      throwError(state, "null byte is not allowed in input");
    }
    state.input += "\0";
    while (state.input.charCodeAt(state.position) === 32) {
      state.lineIndent += 1;
      state.position += 1;
    }
    while (state.position < state.length - 1) {
      readDocument(state);
    }
    return state.documents;
  }
  function loadAll2(input, iterator, options) {
    if (iterator !== null && typeof iterator === "object" && typeof options === "undefined") {
      options = iterator;
      iterator = null;
    }
    const documents = loadDocuments(input, options);
    if (typeof iterator !== "function") {
      return documents;
    }
    for (let index = 0, length = documents.length; index < length; index += 1) {
      iterator(documents[index]);
    }
  }
  function load2(input, options) {
    const documents = loadDocuments(input, options);
    if (documents.length === 0) {
      return void 0;
    } else if (documents.length === 1) {
      return documents[0];
    }
    throw new YAMLException2("expected a single document in the stream, but found more");
  }
  loader.loadAll = loadAll2;
  loader.load = load2;
  return loader;
}
function requireDumper() {
  if (hasRequiredDumper) return dumper;
  hasRequiredDumper = 1;
  const common22 = requireCommon();
  const YAMLException2 = requireException();
  const DEFAULT_SCHEMA2 = require_default();
  const _toString = Object.prototype.toString;
  const _hasOwnProperty = Object.prototype.hasOwnProperty;
  const CHAR_BOM = 65279;
  const CHAR_TAB = 9;
  const CHAR_LINE_FEED = 10;
  const CHAR_CARRIAGE_RETURN = 13;
  const CHAR_SPACE = 32;
  const CHAR_EXCLAMATION = 33;
  const CHAR_DOUBLE_QUOTE = 34;
  const CHAR_SHARP = 35;
  const CHAR_PERCENT = 37;
  const CHAR_AMPERSAND = 38;
  const CHAR_SINGLE_QUOTE = 39;
  const CHAR_ASTERISK = 42;
  const CHAR_COMMA = 44;
  const CHAR_MINUS = 45;
  const CHAR_COLON = 58;
  const CHAR_EQUALS = 61;
  const CHAR_GREATER_THAN = 62;
  const CHAR_QUESTION = 63;
  const CHAR_COMMERCIAL_AT = 64;
  const CHAR_LEFT_SQUARE_BRACKET = 91;
  const CHAR_RIGHT_SQUARE_BRACKET = 93;
  const CHAR_GRAVE_ACCENT = 96;
  const CHAR_LEFT_CURLY_BRACKET = 123;
  const CHAR_VERTICAL_LINE = 124;
  const CHAR_RIGHT_CURLY_BRACKET = 125;
  const ESCAPE_SEQUENCES = {};
  ESCAPE_SEQUENCES[0] = "\\0";
  ESCAPE_SEQUENCES[7] = "\\a";
  ESCAPE_SEQUENCES[8] = "\\b";
  ESCAPE_SEQUENCES[9] = "\\t";
  ESCAPE_SEQUENCES[10] = "\\n";
  ESCAPE_SEQUENCES[11] = "\\v";
  ESCAPE_SEQUENCES[12] = "\\f";
  ESCAPE_SEQUENCES[13] = "\\r";
  ESCAPE_SEQUENCES[27] = "\\e";
  ESCAPE_SEQUENCES[34] = '\\"';
  ESCAPE_SEQUENCES[92] = "\\\\";
  ESCAPE_SEQUENCES[133] = "\\N";
  ESCAPE_SEQUENCES[160] = "\\_";
  ESCAPE_SEQUENCES[8232] = "\\L";
  ESCAPE_SEQUENCES[8233] = "\\P";
  const DEPRECATED_BOOLEANS_SYNTAX = [
    "y",
    "Y",
    "yes",
    "Yes",
    "YES",
    "on",
    "On",
    "ON",
    "n",
    "N",
    "no",
    "No",
    "NO",
    "off",
    "Off",
    "OFF"
  ];
  const DEPRECATED_BASE60_SYNTAX = /^[-+]?[0-9_]+(?::[0-9_]+)+(?:\.[0-9_]*)?$/;
  function compileStyleMap(schema2, map2) {
    if (map2 === null) return {};
    const result = {};
    const keys = Object.keys(map2);
    for (let index = 0, length = keys.length; index < length; index += 1) {
      let tag = keys[index];
      let style = String(map2[tag]);
      if (tag.slice(0, 2) === "!!") {
        tag = "tag:yaml.org,2002:" + tag.slice(2);
      }
      const type2 = schema2.compiledTypeMap["fallback"][tag];
      if (type2 && _hasOwnProperty.call(type2.styleAliases, style)) {
        style = type2.styleAliases[style];
      }
      result[tag] = style;
    }
    return result;
  }
  function encodeHex(character) {
    let handle;
    let length;
    const string2 = character.toString(16).toUpperCase();
    if (character <= 255) {
      handle = "x";
      length = 2;
    } else if (character <= 65535) {
      handle = "u";
      length = 4;
    } else if (character <= 4294967295) {
      handle = "U";
      length = 8;
    } else {
      throw new YAMLException2("code point within a string may not be greater than 0xFFFFFFFF");
    }
    return "\\" + handle + common22.repeat("0", length - string2.length) + string2;
  }
  const QUOTING_TYPE_SINGLE = 1;
  const QUOTING_TYPE_DOUBLE = 2;
  function State(options) {
    this.schema = options["schema"] || DEFAULT_SCHEMA2;
    this.indent = Math.max(1, options["indent"] || 2);
    this.noArrayIndent = options["noArrayIndent"] || false;
    this.skipInvalid = options["skipInvalid"] || false;
    this.flowLevel = common22.isNothing(options["flowLevel"]) ? -1 : options["flowLevel"];
    this.styleMap = compileStyleMap(this.schema, options["styles"] || null);
    this.sortKeys = options["sortKeys"] || false;
    this.lineWidth = options["lineWidth"] || 80;
    this.noRefs = options["noRefs"] || false;
    this.noCompatMode = options["noCompatMode"] || false;
    this.condenseFlow = options["condenseFlow"] || false;
    this.quotingType = options["quotingType"] === '"' ? QUOTING_TYPE_DOUBLE : QUOTING_TYPE_SINGLE;
    this.forceQuotes = options["forceQuotes"] || false;
    this.replacer = typeof options["replacer"] === "function" ? options["replacer"] : null;
    this.implicitTypes = this.schema.compiledImplicit;
    this.explicitTypes = this.schema.compiledExplicit;
    this.tag = null;
    this.result = "";
    this.duplicates = [];
    this.usedDuplicates = null;
  }
  function indentString(string2, spaces) {
    const ind = common22.repeat(" ", spaces);
    let position = 0;
    let result = "";
    const length = string2.length;
    while (position < length) {
      let line;
      const next = string2.indexOf("\n", position);
      if (next === -1) {
        line = string2.slice(position);
        position = length;
      } else {
        line = string2.slice(position, next + 1);
        position = next + 1;
      }
      if (line.length && line !== "\n") result += ind;
      result += line;
    }
    return result;
  }
  function generateNextLine(state, level) {
    return "\n" + common22.repeat(" ", state.indent * level);
  }
  function testImplicitResolving(state, str2) {
    for (let index = 0, length = state.implicitTypes.length; index < length; index += 1) {
      const type2 = state.implicitTypes[index];
      if (type2.resolve(str2)) {
        return true;
      }
    }
    return false;
  }
  function isWhitespace(c) {
    return c === CHAR_SPACE || c === CHAR_TAB;
  }
  function isPrintable(c) {
    return c >= 32 && c <= 126 || c >= 161 && c <= 55295 && c !== 8232 && c !== 8233 || c >= 57344 && c <= 65533 && c !== CHAR_BOM || c >= 65536 && c <= 1114111;
  }
  function isNsCharOrWhitespace(c) {
    return isPrintable(c) && c !== CHAR_BOM && // - b-char
    c !== CHAR_CARRIAGE_RETURN && c !== CHAR_LINE_FEED;
  }
  function isPlainSafe(c, prev, inblock) {
    const cIsNsCharOrWhitespace = isNsCharOrWhitespace(c);
    const cIsNsChar = cIsNsCharOrWhitespace && !isWhitespace(c);
    return (
      // ns-plain-safe
      (inblock ? cIsNsCharOrWhitespace : cIsNsCharOrWhitespace && // - c-flow-indicator
      c !== CHAR_COMMA && c !== CHAR_LEFT_SQUARE_BRACKET && c !== CHAR_RIGHT_SQUARE_BRACKET && c !== CHAR_LEFT_CURLY_BRACKET && c !== CHAR_RIGHT_CURLY_BRACKET) && // ns-plain-char
      c !== CHAR_SHARP && // false on '#'
      !(prev === CHAR_COLON && !cIsNsChar) || // false on ': '
      isNsCharOrWhitespace(prev) && !isWhitespace(prev) && c === CHAR_SHARP || // change to true on '[^ ]#'
      prev === CHAR_COLON && cIsNsChar
    );
  }
  function isPlainSafeFirst(c) {
    return isPrintable(c) && c !== CHAR_BOM && !isWhitespace(c) && // - s-white
    // - (c-indicator ::=
    // “-” | “?” | “:” | “,” | “[” | “]” | “{” | “}”
    c !== CHAR_MINUS && c !== CHAR_QUESTION && c !== CHAR_COLON && c !== CHAR_COMMA && c !== CHAR_LEFT_SQUARE_BRACKET && c !== CHAR_RIGHT_SQUARE_BRACKET && c !== CHAR_LEFT_CURLY_BRACKET && c !== CHAR_RIGHT_CURLY_BRACKET && // | “#” | “&” | “*” | “!” | “|” | “=” | “>” | “'” | “"”
    c !== CHAR_SHARP && c !== CHAR_AMPERSAND && c !== CHAR_ASTERISK && c !== CHAR_EXCLAMATION && c !== CHAR_VERTICAL_LINE && c !== CHAR_EQUALS && c !== CHAR_GREATER_THAN && c !== CHAR_SINGLE_QUOTE && c !== CHAR_DOUBLE_QUOTE && // | “%” | “@” | “`”)
    c !== CHAR_PERCENT && c !== CHAR_COMMERCIAL_AT && c !== CHAR_GRAVE_ACCENT;
  }
  function isPlainSafeLast(c) {
    return !isWhitespace(c) && c !== CHAR_COLON;
  }
  function codePointAt(string2, pos2) {
    const first = string2.charCodeAt(pos2);
    let second;
    if (first >= 55296 && first <= 56319 && pos2 + 1 < string2.length) {
      second = string2.charCodeAt(pos2 + 1);
      if (second >= 56320 && second <= 57343) {
        return (first - 55296) * 1024 + second - 56320 + 65536;
      }
    }
    return first;
  }
  function needIndentIndicator(string2) {
    const leadingSpaceRe = /^\n* /;
    return leadingSpaceRe.test(string2);
  }
  const STYLE_PLAIN = 1;
  const STYLE_SINGLE = 2;
  const STYLE_LITERAL = 3;
  const STYLE_FOLDED = 4;
  const STYLE_DOUBLE = 5;
  function chooseScalarStyle(string2, singleLineOnly, indentPerLevel, lineWidth, testAmbiguousType, quotingType, forceQuotes, inblock) {
    let i;
    let char = 0;
    let prevChar = null;
    let hasLineBreak = false;
    let hasFoldableLine = false;
    const shouldTrackWidth = lineWidth !== -1;
    let previousLineBreak = -1;
    let plain2 = isPlainSafeFirst(codePointAt(string2, 0)) && isPlainSafeLast(codePointAt(string2, string2.length - 1));
    if (singleLineOnly || forceQuotes) {
      for (i = 0; i < string2.length; char >= 65536 ? i += 2 : i++) {
        char = codePointAt(string2, i);
        if (!isPrintable(char)) {
          return STYLE_DOUBLE;
        }
        plain2 = plain2 && isPlainSafe(char, prevChar, inblock);
        prevChar = char;
      }
    } else {
      for (i = 0; i < string2.length; char >= 65536 ? i += 2 : i++) {
        char = codePointAt(string2, i);
        if (char === CHAR_LINE_FEED) {
          hasLineBreak = true;
          if (shouldTrackWidth) {
            hasFoldableLine = hasFoldableLine || // Foldable line = too long, and not more-indented.
            i - previousLineBreak - 1 > lineWidth && string2[previousLineBreak + 1] !== " ";
            previousLineBreak = i;
          }
        } else if (!isPrintable(char)) {
          return STYLE_DOUBLE;
        }
        plain2 = plain2 && isPlainSafe(char, prevChar, inblock);
        prevChar = char;
      }
      hasFoldableLine = hasFoldableLine || shouldTrackWidth && (i - previousLineBreak - 1 > lineWidth && string2[previousLineBreak + 1] !== " ");
    }
    if (!hasLineBreak && !hasFoldableLine) {
      if (plain2 && !forceQuotes && !testAmbiguousType(string2)) {
        return STYLE_PLAIN;
      }
      return quotingType === QUOTING_TYPE_DOUBLE ? STYLE_DOUBLE : STYLE_SINGLE;
    }
    if (indentPerLevel > 9 && needIndentIndicator(string2)) {
      return STYLE_DOUBLE;
    }
    if (!forceQuotes) {
      return hasFoldableLine ? STYLE_FOLDED : STYLE_LITERAL;
    }
    return quotingType === QUOTING_TYPE_DOUBLE ? STYLE_DOUBLE : STYLE_SINGLE;
  }
  function writeScalar(state, string2, level, iskey, inblock) {
    state.dump = (function() {
      if (string2.length === 0) {
        return state.quotingType === QUOTING_TYPE_DOUBLE ? '""' : "''";
      }
      if (!state.noCompatMode) {
        if (DEPRECATED_BOOLEANS_SYNTAX.indexOf(string2) !== -1 || DEPRECATED_BASE60_SYNTAX.test(string2)) {
          return state.quotingType === QUOTING_TYPE_DOUBLE ? '"' + string2 + '"' : "'" + string2 + "'";
        }
      }
      const indent = state.indent * Math.max(1, level);
      const lineWidth = state.lineWidth === -1 ? -1 : Math.max(Math.min(state.lineWidth, 40), state.lineWidth - indent);
      const singleLineOnly = iskey || // No block styles in flow mode.
      state.flowLevel > -1 && level >= state.flowLevel;
      function testAmbiguity(string22) {
        return testImplicitResolving(state, string22);
      }
      switch (chooseScalarStyle(
        string2,
        singleLineOnly,
        state.indent,
        lineWidth,
        testAmbiguity,
        state.quotingType,
        state.forceQuotes && !iskey,
        inblock
      )) {
        case STYLE_PLAIN:
          return string2;
        case STYLE_SINGLE:
          return "'" + string2.replace(/'/g, "''") + "'";
        case STYLE_LITERAL:
          return "|" + blockHeader(string2, state.indent) + dropEndingNewline(indentString(string2, indent));
        case STYLE_FOLDED:
          return ">" + blockHeader(string2, state.indent) + dropEndingNewline(indentString(foldString(string2, lineWidth), indent));
        case STYLE_DOUBLE:
          return '"' + escapeString(string2) + '"';
        default:
          throw new YAMLException2("impossible error: invalid scalar style");
      }
    })();
  }
  function blockHeader(string2, indentPerLevel) {
    const indentIndicator = needIndentIndicator(string2) ? String(indentPerLevel) : "";
    const clip = string2[string2.length - 1] === "\n";
    const keep = clip && (string2[string2.length - 2] === "\n" || string2 === "\n");
    const chomp = keep ? "+" : clip ? "" : "-";
    return indentIndicator + chomp + "\n";
  }
  function dropEndingNewline(string2) {
    return string2[string2.length - 1] === "\n" ? string2.slice(0, -1) : string2;
  }
  function foldString(string2, width) {
    const lineRe = /(\n+)([^\n]*)/g;
    let result = (function() {
      let nextLF = string2.indexOf("\n");
      nextLF = nextLF !== -1 ? nextLF : string2.length;
      lineRe.lastIndex = nextLF;
      return foldLine(string2.slice(0, nextLF), width);
    })();
    let prevMoreIndented = string2[0] === "\n" || string2[0] === " ";
    let moreIndented;
    let match;
    while (match = lineRe.exec(string2)) {
      const prefix = match[1];
      const line = match[2];
      moreIndented = line[0] === " ";
      result += prefix + (!prevMoreIndented && !moreIndented && line !== "" ? "\n" : "") + foldLine(line, width);
      prevMoreIndented = moreIndented;
    }
    return result;
  }
  function foldLine(line, width) {
    if (line === "" || line[0] === " ") return line;
    const breakRe = / [^ ]/g;
    let match;
    let start = 0;
    let end;
    let curr = 0;
    let next = 0;
    let result = "";
    while (match = breakRe.exec(line)) {
      next = match.index;
      if (next - start > width) {
        end = curr > start ? curr : next;
        result += "\n" + line.slice(start, end);
        start = end + 1;
      }
      curr = next;
    }
    result += "\n";
    if (line.length - start > width && curr > start) {
      result += line.slice(start, curr) + "\n" + line.slice(curr + 1);
    } else {
      result += line.slice(start);
    }
    return result.slice(1);
  }
  function escapeString(string2) {
    let result = "";
    let char = 0;
    for (let i = 0; i < string2.length; char >= 65536 ? i += 2 : i++) {
      char = codePointAt(string2, i);
      const escapeSeq = ESCAPE_SEQUENCES[char];
      if (!escapeSeq && isPrintable(char)) {
        result += string2[i];
        if (char >= 65536) result += string2[i + 1];
      } else {
        result += escapeSeq || encodeHex(char);
      }
    }
    return result;
  }
  function writeFlowSequence(state, level, object2) {
    let _result = "";
    const _tag = state.tag;
    for (let index = 0, length = object2.length; index < length; index += 1) {
      let value = object2[index];
      if (state.replacer) {
        value = state.replacer.call(object2, String(index), value);
      }
      if (writeNode(state, level, value, false, false) || typeof value === "undefined" && writeNode(state, level, null, false, false)) {
        if (_result !== "") _result += "," + (!state.condenseFlow ? " " : "");
        _result += state.dump;
      }
    }
    state.tag = _tag;
    state.dump = "[" + _result + "]";
  }
  function writeBlockSequence(state, level, object2, compact) {
    let _result = "";
    const _tag = state.tag;
    for (let index = 0, length = object2.length; index < length; index += 1) {
      let value = object2[index];
      if (state.replacer) {
        value = state.replacer.call(object2, String(index), value);
      }
      if (writeNode(state, level + 1, value, true, true, false, true) || typeof value === "undefined" && writeNode(state, level + 1, null, true, true, false, true)) {
        if (!compact || _result !== "") {
          _result += generateNextLine(state, level);
        }
        if (state.dump && CHAR_LINE_FEED === state.dump.charCodeAt(0)) {
          _result += "-";
        } else {
          _result += "- ";
        }
        _result += state.dump;
      }
    }
    state.tag = _tag;
    state.dump = _result || "[]";
  }
  function writeFlowMapping(state, level, object2) {
    let _result = "";
    const _tag = state.tag;
    const objectKeyList = Object.keys(object2);
    for (let index = 0, length = objectKeyList.length; index < length; index += 1) {
      let pairBuffer = "";
      if (_result !== "") pairBuffer += ", ";
      if (state.condenseFlow) pairBuffer += '"';
      const objectKey = objectKeyList[index];
      let objectValue = object2[objectKey];
      if (state.replacer) {
        objectValue = state.replacer.call(object2, objectKey, objectValue);
      }
      if (!writeNode(state, level, objectKey, false, false)) {
        continue;
      }
      if (state.dump.length > 1024) pairBuffer += "? ";
      pairBuffer += state.dump + (state.condenseFlow ? '"' : "") + ":" + (state.condenseFlow ? "" : " ");
      if (!writeNode(state, level, objectValue, false, false)) {
        continue;
      }
      pairBuffer += state.dump;
      _result += pairBuffer;
    }
    state.tag = _tag;
    state.dump = "{" + _result + "}";
  }
  function writeBlockMapping(state, level, object2, compact) {
    let _result = "";
    const _tag = state.tag;
    const objectKeyList = Object.keys(object2);
    if (state.sortKeys === true) {
      objectKeyList.sort();
    } else if (typeof state.sortKeys === "function") {
      objectKeyList.sort(state.sortKeys);
    } else if (state.sortKeys) {
      throw new YAMLException2("sortKeys must be a boolean or a function");
    }
    for (let index = 0, length = objectKeyList.length; index < length; index += 1) {
      let pairBuffer = "";
      if (!compact || _result !== "") {
        pairBuffer += generateNextLine(state, level);
      }
      const objectKey = objectKeyList[index];
      let objectValue = object2[objectKey];
      if (state.replacer) {
        objectValue = state.replacer.call(object2, objectKey, objectValue);
      }
      if (!writeNode(state, level + 1, objectKey, true, true, true)) {
        continue;
      }
      const explicitPair = state.tag !== null && state.tag !== "?" || state.dump && state.dump.length > 1024;
      if (explicitPair) {
        if (state.dump && CHAR_LINE_FEED === state.dump.charCodeAt(0)) {
          pairBuffer += "?";
        } else {
          pairBuffer += "? ";
        }
      }
      pairBuffer += state.dump;
      if (explicitPair) {
        pairBuffer += generateNextLine(state, level);
      }
      if (!writeNode(state, level + 1, objectValue, true, explicitPair)) {
        continue;
      }
      if (state.dump && CHAR_LINE_FEED === state.dump.charCodeAt(0)) {
        pairBuffer += ":";
      } else {
        pairBuffer += ": ";
      }
      pairBuffer += state.dump;
      _result += pairBuffer;
    }
    state.tag = _tag;
    state.dump = _result || "{}";
  }
  function detectType(state, object2, explicit) {
    const typeList = explicit ? state.explicitTypes : state.implicitTypes;
    for (let index = 0, length = typeList.length; index < length; index += 1) {
      const type2 = typeList[index];
      if ((type2.instanceOf || type2.predicate) && (!type2.instanceOf || typeof object2 === "object" && object2 instanceof type2.instanceOf) && (!type2.predicate || type2.predicate(object2))) {
        if (explicit) {
          if (type2.multi && type2.representName) {
            state.tag = type2.representName(object2);
          } else {
            state.tag = type2.tag;
          }
        } else {
          state.tag = "?";
        }
        if (type2.represent) {
          const style = state.styleMap[type2.tag] || type2.defaultStyle;
          let _result;
          if (_toString.call(type2.represent) === "[object Function]") {
            _result = type2.represent(object2, style);
          } else if (_hasOwnProperty.call(type2.represent, style)) {
            _result = type2.represent[style](object2, style);
          } else {
            throw new YAMLException2("!<" + type2.tag + '> tag resolver accepts not "' + style + '" style');
          }
          state.dump = _result;
        }
        return true;
      }
    }
    return false;
  }
  function writeNode(state, level, object2, block2, compact, iskey, isblockseq) {
    state.tag = null;
    state.dump = object2;
    if (!detectType(state, object2, false)) {
      detectType(state, object2, true);
    }
    const type2 = _toString.call(state.dump);
    const inblock = block2;
    if (block2) {
      block2 = state.flowLevel < 0 || state.flowLevel > level;
    }
    const objectOrArray = type2 === "[object Object]" || type2 === "[object Array]";
    let duplicateIndex;
    let duplicate;
    if (objectOrArray) {
      duplicateIndex = state.duplicates.indexOf(object2);
      duplicate = duplicateIndex !== -1;
    }
    if (state.tag !== null && state.tag !== "?" || duplicate || state.indent !== 2 && level > 0) {
      compact = false;
    }
    if (duplicate && state.usedDuplicates[duplicateIndex]) {
      state.dump = "*ref_" + duplicateIndex;
    } else {
      if (objectOrArray && duplicate && !state.usedDuplicates[duplicateIndex]) {
        state.usedDuplicates[duplicateIndex] = true;
      }
      if (type2 === "[object Object]") {
        if (block2 && Object.keys(state.dump).length !== 0) {
          writeBlockMapping(state, level, state.dump, compact);
          if (duplicate) {
            state.dump = "&ref_" + duplicateIndex + state.dump;
          }
        } else {
          writeFlowMapping(state, level, state.dump);
          if (duplicate) {
            state.dump = "&ref_" + duplicateIndex + " " + state.dump;
          }
        }
      } else if (type2 === "[object Array]") {
        if (block2 && state.dump.length !== 0) {
          if (state.noArrayIndent && !isblockseq && level > 0) {
            writeBlockSequence(state, level - 1, state.dump, compact);
          } else {
            writeBlockSequence(state, level, state.dump, compact);
          }
          if (duplicate) {
            state.dump = "&ref_" + duplicateIndex + state.dump;
          }
        } else {
          writeFlowSequence(state, level, state.dump);
          if (duplicate) {
            state.dump = "&ref_" + duplicateIndex + " " + state.dump;
          }
        }
      } else if (type2 === "[object String]") {
        if (state.tag !== "?") {
          writeScalar(state, state.dump, level, iskey, inblock);
        }
      } else if (type2 === "[object Undefined]") {
        return false;
      } else {
        if (state.skipInvalid) return false;
        throw new YAMLException2("unacceptable kind of an object to dump " + type2);
      }
      if (state.tag !== null && state.tag !== "?") {
        let tagStr = encodeURI(
          state.tag[0] === "!" ? state.tag.slice(1) : state.tag
        ).replace(/!/g, "%21");
        if (state.tag[0] === "!") {
          tagStr = "!" + tagStr;
        } else if (tagStr.slice(0, 18) === "tag:yaml.org,2002:") {
          tagStr = "!!" + tagStr.slice(18);
        } else {
          tagStr = "!<" + tagStr + ">";
        }
        state.dump = tagStr + " " + state.dump;
      }
    }
    return true;
  }
  function getDuplicateReferences(object2, state) {
    const objects = [];
    const duplicatesIndexes = [];
    inspectNode(object2, objects, duplicatesIndexes);
    const length = duplicatesIndexes.length;
    for (let index = 0; index < length; index += 1) {
      state.duplicates.push(objects[duplicatesIndexes[index]]);
    }
    state.usedDuplicates = new Array(length);
  }
  function inspectNode(object2, objects, duplicatesIndexes) {
    if (object2 !== null && typeof object2 === "object") {
      const index = objects.indexOf(object2);
      if (index !== -1) {
        if (duplicatesIndexes.indexOf(index) === -1) {
          duplicatesIndexes.push(index);
        }
      } else {
        objects.push(object2);
        if (Array.isArray(object2)) {
          for (let i = 0, length = object2.length; i < length; i += 1) {
            inspectNode(object2[i], objects, duplicatesIndexes);
          }
        } else {
          const objectKeyList = Object.keys(object2);
          for (let i = 0, length = objectKeyList.length; i < length; i += 1) {
            inspectNode(object2[objectKeyList[i]], objects, duplicatesIndexes);
          }
        }
      }
    }
  }
  function dump2(input, options) {
    options = options || {};
    const state = new State(options);
    if (!state.noRefs) getDuplicateReferences(input, state);
    let value = input;
    if (state.replacer) {
      value = state.replacer.call({ "": value }, "", value);
    }
    if (writeNode(state, 0, value, true, true)) return state.dump + "\n";
    return "";
  }
  dumper.dump = dump2;
  return dumper;
}
function requireJsYaml() {
  if (hasRequiredJsYaml) return jsYaml;
  hasRequiredJsYaml = 1;
  const loader2 = requireLoader();
  const dumper2 = requireDumper();
  function renamed(from, to2) {
    return function() {
      throw new Error("Function yaml." + from + " is removed in js-yaml 4. Use yaml." + to2 + " instead, which is now safe by default.");
    };
  }
  jsYaml.Type = requireType();
  jsYaml.Schema = requireSchema();
  jsYaml.FAILSAFE_SCHEMA = requireFailsafe();
  jsYaml.JSON_SCHEMA = requireJson();
  jsYaml.CORE_SCHEMA = requireCore();
  jsYaml.DEFAULT_SCHEMA = require_default();
  jsYaml.load = loader2.load;
  jsYaml.loadAll = loader2.loadAll;
  jsYaml.dump = dumper2.dump;
  jsYaml.YAMLException = requireException();
  jsYaml.types = {
    binary: requireBinary(),
    float: requireFloat(),
    map: requireMap(),
    null: require_null(),
    pairs: requirePairs(),
    set: requireSet(),
    timestamp: requireTimestamp(),
    bool: requireBool(),
    int: requireInt(),
    merge: requireMerge(),
    omap: requireOmap(),
    seq: requireSeq(),
    str: requireStr()
  };
  jsYaml.safeLoad = renamed("safeLoad", "load");
  jsYaml.safeLoadAll = renamed("safeLoadAll", "loadAll");
  jsYaml.safeDump = renamed("safeDump", "dump");
  return jsYaml;
}
var jsYaml, loader, common, hasRequiredCommon, exception, hasRequiredException, snippet, hasRequiredSnippet, type, hasRequiredType, schema, hasRequiredSchema, str, hasRequiredStr, seq, hasRequiredSeq, map, hasRequiredMap, failsafe, hasRequiredFailsafe, _null, hasRequired_null, bool, hasRequiredBool, int, hasRequiredInt, float, hasRequiredFloat, json, hasRequiredJson, core, hasRequiredCore, timestamp, hasRequiredTimestamp, merge3, hasRequiredMerge, binary, hasRequiredBinary, omap, hasRequiredOmap, pairs2, hasRequiredPairs, set, hasRequiredSet, _default, hasRequired_default, hasRequiredLoader, dumper, hasRequiredDumper, hasRequiredJsYaml, jsYamlExports, yaml, Type, Schema, FAILSAFE_SCHEMA, JSON_SCHEMA, CORE_SCHEMA, DEFAULT_SCHEMA, load, loadAll, dump, YAMLException, types, safeLoad, safeLoadAll, safeDump;
var init_js_yaml = __esm({
  "node_modules/js-yaml/dist/js-yaml.mjs"() {
    jsYaml = {};
    loader = {};
    common = {};
    dumper = {};
    jsYamlExports = requireJsYaml();
    yaml = /* @__PURE__ */ getDefaultExportFromCjs(jsYamlExports);
    ({
      Type,
      Schema,
      FAILSAFE_SCHEMA,
      JSON_SCHEMA,
      CORE_SCHEMA,
      DEFAULT_SCHEMA,
      load,
      loadAll,
      dump,
      YAMLException,
      types,
      safeLoad,
      safeLoadAll,
      safeDump
    } = yaml);
  }
});

// packages/client/src/backends/broker/broker.ts
var import_node_crypto10 = require("node:crypto");
var import_promises19 = require("node:timers/promises");

// node_modules/valibot/dist/index.mjs
var store$4;
var DEFAULT_CONFIG = {
  lang: void 0,
  message: void 0,
  abortEarly: void 0,
  abortPipeEarly: void 0
};
// @__NO_SIDE_EFFECTS__
function getGlobalConfig(config$1) {
  if (!config$1 && !store$4) return DEFAULT_CONFIG;
  return {
    lang: config$1?.lang ?? store$4?.lang,
    message: config$1?.message,
    abortEarly: config$1?.abortEarly ?? store$4?.abortEarly,
    abortPipeEarly: config$1?.abortPipeEarly ?? store$4?.abortPipeEarly
  };
}
var store$3;
// @__NO_SIDE_EFFECTS__
function getGlobalMessage(lang) {
  return store$3?.get(lang);
}
var store$2;
// @__NO_SIDE_EFFECTS__
function getSchemaMessage(lang) {
  return store$2?.get(lang);
}
var store$1;
// @__NO_SIDE_EFFECTS__
function getSpecificMessage(reference, lang) {
  return store$1?.get(reference)?.get(lang);
}
// @__NO_SIDE_EFFECTS__
function _stringify(input) {
  const type2 = typeof input;
  if (type2 === "string") return `"${input}"`;
  if (type2 === "number" || type2 === "bigint" || type2 === "boolean") return `${input}`;
  if (type2 === "object" || type2 === "function") return (input && Object.getPrototypeOf(input)?.constructor?.name) ?? "null";
  return type2;
}
function _addIssue(context, label, dataset, config$1, other) {
  const input = other && "input" in other ? other.input : dataset.value;
  const expected = other?.expected ?? context.expects ?? null;
  const received = other?.received ?? /* @__PURE__ */ _stringify(input);
  const issue2 = {
    kind: context.kind,
    type: context.type,
    input,
    expected,
    received,
    message: `Invalid ${label}: ${expected ? `Expected ${expected} but r` : "R"}eceived ${received}`,
    requirement: context.requirement,
    path: other?.path,
    issues: other?.issues,
    lang: config$1.lang,
    abortEarly: config$1.abortEarly,
    abortPipeEarly: config$1.abortPipeEarly
  };
  const isSchema = context.kind === "schema";
  const message$1 = other?.message ?? context.message ?? /* @__PURE__ */ getSpecificMessage(context.reference, issue2.lang) ?? (isSchema ? /* @__PURE__ */ getSchemaMessage(issue2.lang) : null) ?? config$1.message ?? /* @__PURE__ */ getGlobalMessage(issue2.lang);
  if (message$1 !== void 0) issue2.message = typeof message$1 === "function" ? message$1(issue2) : message$1;
  if (isSchema) dataset.typed = false;
  if (dataset.issues) dataset.issues.push(issue2);
  else dataset.issues = [issue2];
}
// @__NO_SIDE_EFFECTS__
function _isSameValueZero(value1, value2) {
  return value1 === value2 || Number.isNaN(value1) && Number.isNaN(value2);
}
// @__NO_SIDE_EFFECTS__
function _isValidObjectKey(object$1, key2) {
  return Object.prototype.hasOwnProperty.call(object$1, key2) && key2 !== "__proto__" && key2 !== "prototype" && key2 !== "constructor";
}
// @__NO_SIDE_EFFECTS__
function _joinExpects(values$1, separator) {
  const list = [...new Set(values$1)];
  if (list.length > 1) return `(${list.join(` ${separator} `)})`;
  return list[0] ?? "never";
}
function _standardSchema(schema2) {
  schema2["~standard"] = {
    version: 1,
    vendor: "valibot",
    validate: (value$1) => schema2["~run"]({ value: value$1 }, /* @__PURE__ */ getGlobalConfig())
  };
  return schema2;
}
var EMOJI_REGEX = new RegExp("^(?:[\\u{1F1E6}-\\u{1F1FF}]{2}|\\u{1F3F4}[\\u{E0061}-\\u{E007A}]{2}[\\u{E0030}-\\u{E0039}\\u{E0061}-\\u{E007A}]{1,3}\\u{E007F}|(?:\\p{Emoji}\\uFE0F\\u20E3?|\\p{Emoji_Modifier_Base}\\p{Emoji_Modifier}?|(?![\\p{Emoji_Modifier_Base}\\u{1F1E6}-\\u{1F1FF}])\\p{Emoji_Presentation})(?:\\u200D(?:\\p{Emoji}\\uFE0F\\u20E3?|\\p{Emoji_Modifier_Base}\\p{Emoji_Modifier}?|(?![\\p{Emoji_Modifier_Base}\\u{1F1E6}-\\u{1F1FF}])\\p{Emoji_Presentation}))*)+$", "u");
// @__NO_SIDE_EFFECTS__
function check(requirement2, message$1) {
  return {
    kind: "validation",
    type: "check",
    reference: check,
    async: false,
    expects: null,
    requirement: requirement2,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && !this.requirement(dataset.value)) _addIssue(this, "input", dataset, config$1);
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function integer(message$1) {
  return {
    kind: "validation",
    type: "integer",
    reference: integer,
    async: false,
    expects: null,
    requirement: Number.isInteger,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && !this.requirement(dataset.value)) _addIssue(this, "integer", dataset, config$1);
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function maxLength(requirement2, message$1) {
  return {
    kind: "validation",
    type: "max_length",
    reference: maxLength,
    async: false,
    expects: `<=${requirement2}`,
    requirement: requirement2,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && dataset.value.length > this.requirement) _addIssue(this, "length", dataset, config$1, { received: `${dataset.value.length}` });
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function maxValue(requirement2, message$1) {
  return {
    kind: "validation",
    type: "max_value",
    reference: maxValue,
    async: false,
    expects: `<=${requirement2 instanceof Date ? requirement2.toJSON() : /* @__PURE__ */ _stringify(requirement2)}`,
    requirement: requirement2,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && !(dataset.value <= this.requirement)) _addIssue(this, "value", dataset, config$1, { received: dataset.value instanceof Date ? dataset.value.toJSON() : /* @__PURE__ */ _stringify(dataset.value) });
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function minLength(requirement2, message$1) {
  return {
    kind: "validation",
    type: "min_length",
    reference: minLength,
    async: false,
    expects: `>=${requirement2}`,
    requirement: requirement2,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && dataset.value.length < this.requirement) _addIssue(this, "length", dataset, config$1, { received: `${dataset.value.length}` });
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function minValue(requirement2, message$1) {
  return {
    kind: "validation",
    type: "min_value",
    reference: minValue,
    async: false,
    expects: `>=${requirement2 instanceof Date ? requirement2.toJSON() : /* @__PURE__ */ _stringify(requirement2)}`,
    requirement: requirement2,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && !(dataset.value >= this.requirement)) _addIssue(this, "value", dataset, config$1, { received: dataset.value instanceof Date ? dataset.value.toJSON() : /* @__PURE__ */ _stringify(dataset.value) });
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function nonEmpty(message$1) {
  return {
    kind: "validation",
    type: "non_empty",
    reference: nonEmpty,
    async: false,
    expects: "!0",
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && dataset.value.length === 0) _addIssue(this, "length", dataset, config$1, { received: "0" });
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function regex(requirement2, message$1) {
  return {
    kind: "validation",
    type: "regex",
    reference: regex,
    async: false,
    expects: `${requirement2}`,
    requirement: requirement2,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && !this.requirement.test(dataset.value)) _addIssue(this, "format", dataset, config$1);
      return dataset;
    }
  };
}
// @__NO_SIDE_EFFECTS__
function startsWith(requirement2, message$1) {
  return {
    kind: "validation",
    type: "starts_with",
    reference: startsWith,
    async: false,
    expects: `"${requirement2}"`,
    requirement: requirement2,
    message: message$1,
    "~run"(dataset, config$1) {
      if (dataset.typed && !dataset.value.startsWith(this.requirement)) _addIssue(this, "start", dataset, config$1, { received: `"${dataset.value.slice(0, this.requirement.length)}"` });
      return dataset;
    }
  };
}
var ABORT_EARLY_CONFIG = { abortEarly: true };
// @__NO_SIDE_EFFECTS__
function getFallback(schema2, dataset, config$1) {
  return typeof schema2.fallback === "function" ? schema2.fallback(dataset, config$1) : schema2.fallback;
}
// @__NO_SIDE_EFFECTS__
function fallback(schema2, fallback$1) {
  return _standardSchema({
    ...schema2,
    fallback: fallback$1,
    "~run"(dataset, config$1) {
      const outputDataset = schema2["~run"](dataset, config$1);
      return outputDataset.issues ? {
        typed: true,
        value: /* @__PURE__ */ getFallback(this, outputDataset, config$1)
      } : outputDataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function getDefault(schema2, dataset, config$1) {
  return typeof schema2.default === "function" ? schema2.default(dataset, config$1) : schema2.default;
}
// @__NO_SIDE_EFFECTS__
function array(item, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "array",
    reference: array,
    expects: "Array",
    async: false,
    item,
    message: message$1,
    "~run"(dataset, config$1) {
      const input = dataset.value;
      if (Array.isArray(input)) {
        dataset.typed = true;
        dataset.value = [];
        for (let key2 = 0; key2 < input.length; key2++) {
          const value$1 = input[key2];
          const itemDataset = this.item["~run"]({ value: value$1 }, config$1);
          if (itemDataset.issues) {
            const pathItem = {
              type: "array",
              origin: "value",
              input,
              key: key2,
              value: value$1
            };
            for (const issue2 of itemDataset.issues) {
              if (issue2.path) issue2.path.unshift(pathItem);
              else issue2.path = [pathItem];
              dataset.issues?.push(issue2);
            }
            if (!dataset.issues) dataset.issues = itemDataset.issues;
            if (config$1.abortEarly) {
              dataset.typed = false;
              break;
            }
          }
          if (!itemDataset.typed) dataset.typed = false;
          dataset.value.push(itemDataset.value);
        }
      } else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function boolean(message$1) {
  return _standardSchema({
    kind: "schema",
    type: "boolean",
    reference: boolean,
    expects: "boolean",
    async: false,
    message: message$1,
    "~run"(dataset, config$1) {
      if (typeof dataset.value === "boolean") dataset.typed = true;
      else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function literal(literal_, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "literal",
    reference: literal,
    expects: /* @__PURE__ */ _stringify(literal_),
    async: false,
    literal: literal_,
    message: message$1,
    "~run"(dataset, config$1) {
      if (/* @__PURE__ */ _isSameValueZero(dataset.value, this.literal)) dataset.typed = true;
      else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function number(message$1) {
  return _standardSchema({
    kind: "schema",
    type: "number",
    reference: number,
    expects: "number",
    async: false,
    message: message$1,
    "~run"(dataset, config$1) {
      if (typeof dataset.value === "number" && !isNaN(dataset.value)) dataset.typed = true;
      else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function object(entries$1, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "object",
    reference: object,
    expects: "Object",
    async: false,
    entries: entries$1,
    message: message$1,
    "~run"(dataset, config$1) {
      const input = dataset.value;
      if (input && typeof input === "object") {
        dataset.typed = true;
        dataset.value = {};
        for (const key2 in this.entries) {
          const valueSchema = this.entries[key2];
          if (key2 in input || (valueSchema.type === "exact_optional" || valueSchema.type === "optional" || valueSchema.type === "nullish") && valueSchema.default !== void 0) {
            const value$1 = key2 in input ? input[key2] : /* @__PURE__ */ getDefault(valueSchema);
            const valueDataset = valueSchema["~run"]({ value: value$1 }, config$1);
            if (valueDataset.issues) {
              const pathItem = {
                type: "object",
                origin: "value",
                input,
                key: key2,
                value: value$1
              };
              for (const issue2 of valueDataset.issues) {
                if (issue2.path) issue2.path.unshift(pathItem);
                else issue2.path = [pathItem];
                dataset.issues?.push(issue2);
              }
              if (!dataset.issues) dataset.issues = valueDataset.issues;
              if (config$1.abortEarly) {
                dataset.typed = false;
                break;
              }
            }
            if (!valueDataset.typed) dataset.typed = false;
            dataset.value[key2] = valueDataset.value;
          } else if (valueSchema.fallback !== void 0) dataset.value[key2] = /* @__PURE__ */ getFallback(valueSchema);
          else if (valueSchema.type !== "exact_optional" && valueSchema.type !== "optional" && valueSchema.type !== "nullish") {
            _addIssue(this, "key", dataset, config$1, {
              input: void 0,
              expected: `"${key2}"`,
              path: [{
                type: "object",
                origin: "key",
                input,
                key: key2,
                value: input[key2]
              }]
            });
            if (config$1.abortEarly) break;
          }
        }
      } else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function optional(wrapped, default_) {
  return _standardSchema({
    kind: "schema",
    type: "optional",
    reference: optional,
    expects: `(${wrapped.expects} | undefined)`,
    async: false,
    wrapped,
    default: default_,
    "~run"(dataset, config$1) {
      if (dataset.value === void 0) {
        if (this.default !== void 0) dataset.value = /* @__PURE__ */ getDefault(this, dataset, config$1);
        if (dataset.value === void 0) {
          dataset.typed = true;
          return dataset;
        }
      }
      return this.wrapped["~run"](dataset, config$1);
    }
  });
}
// @__NO_SIDE_EFFECTS__
function picklist(options, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "picklist",
    reference: picklist,
    expects: /* @__PURE__ */ _joinExpects(options.map(_stringify), "|"),
    async: false,
    options,
    message: message$1,
    "~run"(dataset, config$1) {
      if (this.options.includes(dataset.value)) dataset.typed = true;
      else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function record(key2, value$1, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "record",
    reference: record,
    expects: "Object",
    async: false,
    key: key2,
    value: value$1,
    message: message$1,
    "~run"(dataset, config$1) {
      const input = dataset.value;
      if (input && typeof input === "object") {
        dataset.typed = true;
        dataset.value = {};
        for (const entryKey in input) if (/* @__PURE__ */ _isValidObjectKey(input, entryKey)) {
          const entryValue = input[entryKey];
          const keyDataset = this.key["~run"]({ value: entryKey }, config$1);
          if (keyDataset.issues) {
            const pathItem = {
              type: "object",
              origin: "key",
              input,
              key: entryKey,
              value: entryValue
            };
            for (const issue2 of keyDataset.issues) {
              issue2.path = [pathItem];
              dataset.issues?.push(issue2);
            }
            if (!dataset.issues) dataset.issues = keyDataset.issues;
            if (config$1.abortEarly) {
              dataset.typed = false;
              break;
            }
          }
          const valueDataset = this.value["~run"]({ value: entryValue }, config$1);
          if (valueDataset.issues) {
            const pathItem = {
              type: "object",
              origin: "value",
              input,
              key: entryKey,
              value: entryValue
            };
            for (const issue2 of valueDataset.issues) {
              if (issue2.path) issue2.path.unshift(pathItem);
              else issue2.path = [pathItem];
              dataset.issues?.push(issue2);
            }
            if (!dataset.issues) dataset.issues = valueDataset.issues;
            if (config$1.abortEarly) {
              dataset.typed = false;
              break;
            }
          }
          if (!keyDataset.typed || !valueDataset.typed) dataset.typed = false;
          if (keyDataset.typed) dataset.value[keyDataset.value] = valueDataset.value;
        }
      } else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function strictObject(entries$1, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "strict_object",
    reference: strictObject,
    expects: "Object",
    async: false,
    entries: entries$1,
    message: message$1,
    "~run"(dataset, config$1) {
      const input = dataset.value;
      if (input && typeof input === "object") {
        dataset.typed = true;
        dataset.value = {};
        for (const key2 in this.entries) {
          const valueSchema = this.entries[key2];
          if (key2 in input || (valueSchema.type === "exact_optional" || valueSchema.type === "optional" || valueSchema.type === "nullish") && valueSchema.default !== void 0) {
            const value$1 = key2 in input ? input[key2] : /* @__PURE__ */ getDefault(valueSchema);
            const valueDataset = valueSchema["~run"]({ value: value$1 }, config$1);
            if (valueDataset.issues) {
              const pathItem = {
                type: "object",
                origin: "value",
                input,
                key: key2,
                value: value$1
              };
              for (const issue2 of valueDataset.issues) {
                if (issue2.path) issue2.path.unshift(pathItem);
                else issue2.path = [pathItem];
                dataset.issues?.push(issue2);
              }
              if (!dataset.issues) dataset.issues = valueDataset.issues;
              if (config$1.abortEarly) {
                dataset.typed = false;
                break;
              }
            }
            if (!valueDataset.typed) dataset.typed = false;
            dataset.value[key2] = valueDataset.value;
          } else if (valueSchema.fallback !== void 0) dataset.value[key2] = /* @__PURE__ */ getFallback(valueSchema);
          else if (valueSchema.type !== "exact_optional" && valueSchema.type !== "optional" && valueSchema.type !== "nullish") {
            _addIssue(this, "key", dataset, config$1, {
              input: void 0,
              expected: `"${key2}"`,
              path: [{
                type: "object",
                origin: "key",
                input,
                key: key2,
                value: input[key2]
              }]
            });
            if (config$1.abortEarly) break;
          }
        }
        if (!dataset.issues || !config$1.abortEarly) {
          for (const key2 in input) if (!Object.prototype.hasOwnProperty.call(this.entries, key2)) {
            _addIssue(this, "key", dataset, config$1, {
              input: key2,
              expected: "never",
              path: [{
                type: "object",
                origin: "key",
                input,
                key: key2,
                value: input[key2]
              }]
            });
            break;
          }
        }
      } else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function string(message$1) {
  return _standardSchema({
    kind: "schema",
    type: "string",
    reference: string,
    expects: "string",
    async: false,
    message: message$1,
    "~run"(dataset, config$1) {
      if (typeof dataset.value === "string") dataset.typed = true;
      else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function _subIssues(datasets) {
  let issues;
  if (datasets) for (const dataset of datasets) if (issues) for (const issue2 of dataset.issues) issues.push(issue2);
  else issues = dataset.issues;
  return issues;
}
// @__NO_SIDE_EFFECTS__
function union(options, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "union",
    reference: union,
    expects: /* @__PURE__ */ _joinExpects(options.map((option) => option.expects), "|"),
    async: false,
    options,
    message: message$1,
    "~run"(dataset, config$1) {
      let validDataset;
      let typedDatasets;
      let untypedDatasets;
      for (const schema2 of this.options) {
        const optionDataset = schema2["~run"]({ value: dataset.value }, config$1);
        if (optionDataset.typed) if (optionDataset.issues) if (typedDatasets) typedDatasets.push(optionDataset);
        else typedDatasets = [optionDataset];
        else {
          validDataset = optionDataset;
          break;
        }
        else if (untypedDatasets) untypedDatasets.push(optionDataset);
        else untypedDatasets = [optionDataset];
      }
      if (validDataset) return validDataset;
      if (typedDatasets) {
        if (typedDatasets.length === 1) return typedDatasets[0];
        _addIssue(this, "type", dataset, config$1, { issues: /* @__PURE__ */ _subIssues(typedDatasets) });
        dataset.typed = true;
      } else if (untypedDatasets?.length === 1) return untypedDatasets[0];
      else _addIssue(this, "type", dataset, config$1, { issues: /* @__PURE__ */ _subIssues(untypedDatasets) });
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function variant(key2, options, message$1) {
  return _standardSchema({
    kind: "schema",
    type: "variant",
    reference: variant,
    expects: "Object",
    async: false,
    key: key2,
    options,
    message: message$1,
    "~run"(dataset, config$1) {
      const input = dataset.value;
      if (input && typeof input === "object") {
        let outputDataset;
        let maxDiscriminatorPriority = 0;
        let invalidDiscriminatorKey = this.key;
        let expectedDiscriminators = [];
        const parseOptions = (variant$1, allKeys) => {
          for (const schema2 of variant$1.options) {
            if (schema2.type === "variant") parseOptions(schema2, new Set(allKeys).add(schema2.key));
            else {
              let keysAreValid = true;
              let currentPriority = 0;
              for (const currentKey of allKeys) {
                const discriminatorSchema = schema2.entries[currentKey];
                if (currentKey in input ? discriminatorSchema["~run"]({
                  typed: false,
                  value: input[currentKey]
                }, ABORT_EARLY_CONFIG).issues : discriminatorSchema.type !== "exact_optional" && discriminatorSchema.type !== "optional" && discriminatorSchema.type !== "nullish") {
                  keysAreValid = false;
                  if (invalidDiscriminatorKey !== currentKey && (maxDiscriminatorPriority < currentPriority || maxDiscriminatorPriority === currentPriority && currentKey in input && !(invalidDiscriminatorKey in input))) {
                    maxDiscriminatorPriority = currentPriority;
                    invalidDiscriminatorKey = currentKey;
                    expectedDiscriminators = [];
                  }
                  if (invalidDiscriminatorKey === currentKey) expectedDiscriminators.push(schema2.entries[currentKey].expects);
                  break;
                }
                currentPriority++;
              }
              if (keysAreValid) {
                const optionDataset = schema2["~run"]({ value: input }, config$1);
                if (!outputDataset || !outputDataset.typed && optionDataset.typed) outputDataset = optionDataset;
              }
            }
            if (outputDataset && !outputDataset.issues) break;
          }
        };
        parseOptions(this, /* @__PURE__ */ new Set([this.key]));
        if (outputDataset) return outputDataset;
        _addIssue(this, "type", dataset, config$1, {
          input: input[invalidDiscriminatorKey],
          expected: /* @__PURE__ */ _joinExpects(expectedDiscriminators, "|"),
          path: [{
            type: "object",
            origin: "value",
            input,
            key: invalidDiscriminatorKey,
            value: input[invalidDiscriminatorKey]
          }]
        });
      } else _addIssue(this, "type", dataset, config$1);
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function pipe(...pipe$1) {
  return _standardSchema({
    ...pipe$1[0],
    pipe: pipe$1,
    "~run"(dataset, config$1) {
      for (const item of pipe$1) if (item.kind !== "metadata") {
        if (dataset.issues && (item.kind === "schema" || item.kind === "transformation")) {
          dataset.typed = false;
          break;
        }
        if (!dataset.issues || !config$1.abortEarly && !config$1.abortPipeEarly) dataset = item["~run"](dataset, config$1);
      }
      return dataset;
    }
  });
}
// @__NO_SIDE_EFFECTS__
function safeParse(schema2, input, config$1) {
  const dataset = schema2["~run"]({ value: input }, /* @__PURE__ */ getGlobalConfig(config$1));
  return {
    typed: dataset.typed,
    success: !dataset.issues,
    output: dataset.value,
    issues: dataset.issues
  };
}

// packages/broker/src/mailbox.ts
var MAILBOX_VARIABLE = "KBUILD_BROKER";
var PROTOCOL_VERSION = 1;
var MAX_REQUEST = 1024 * 1024;
var ANNOUNCEMENT_FILE = "broker.json";
var BASE_CREDENTIALS = "base-credentials";
var ENDINGS = { request: "req.json", cancel: "cancel", log: "log", answer: "res.json" };
var ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
var NAME = new RegExp(`^(${ID})\\.(.+)$`);
function mailName(id, kind) {
  return `${id}.${ENDINGS[kind]}`;
}
function draftName(id, kind) {
  return `${id}.${ENDINGS[kind].replace(/\.json$/, "")}.tmp`;
}

// packages/broker/src/answer.ts
var digest = pipe(string(), regex(/^sha256:[0-9a-f]{64}$/));
var milliseconds = pipe(number(), minValue(0));
var PHASES = ["context", "bases", "build", "push"];
var durations = strictObject({
  queue: optional(milliseconds),
  context: optional(milliseconds),
  bases: optional(milliseconds),
  build: optional(milliseconds),
  push: optional(milliseconds)
});
var place = fallback(
  optional(
    object({
      /** As the context names it. */
      file: pipe(string(), maxLength(4096)),
      /** From 1. */
      line: pipe(number(), integer(), minValue(1), maxValue(1e6)),
      instruction: pipe(string(), maxLength(1e3))
    })
  ),
  void 0
);
var answer = variant("outcome", [
  object({
    version: literal(PROTOCOL_VERSION),
    outcome: literal("built"),
    digest,
    imageId: optional(digest),
    /** References that have the image. */
    pushed: array(string()),
    /** Of all layers, compressed. */
    size: optional(number()),
    durationsMs: durations
  }),
  object({
    version: literal(PROTOCOL_VERSION),
    outcome: literal("failed"),
    /** Who can mend it. */
    fault: picklist(["user", "configuration", "cluster"]),
    /** As docs/errors.md lists them. */
    code: string(),
    /** Sentences for a person, one at least. */
    problems: pipe(array(string()), minLength(1)),
    /** References that have the image all the same. */
    pushed: optional(array(string()), []),
    /** The instruction of the Dockerfile that failed, or that cannot be built. */
    at: place
  })
]);
var entry = union([object({ line: string() }), object({ phase: picklist(PHASES) })]);
function readAnswer(written) {
  return read(answer, written);
}
function readLogEntry(written) {
  return read(entry, written);
}
var announcement = object({ versions: array(number()), capabilities: array(string()) });
function readAnnouncement(written) {
  return read(announcement, written);
}
function read(schema2, written) {
  try {
    const result = safeParse(schema2, JSON.parse(written));
    return result.success ? result.output : void 0;
  } catch {
    return void 0;
  }
}

// packages/broker/src/request.ts
var MAX_MANY = 50;
var MAX_TIMEOUT_MS = 24 * 36e5;
var FEW = `has more than ${MAX_MANY} entries`;
var text = pipe(string(), nonEmpty("is empty"));
var key = pipe(string(), regex(/^[^=\s\p{Cc}]{1,256}$/u, "is no name: it has blanks, control characters or ="));
var plain = pipe(
  string(),
  check((value) => !value.includes("\0"), "holds the character NUL")
);
var path = pipe(
  plain,
  startsWith("/", "is no absolute path"),
  maxLength(4096, "is longer than 4096 characters")
);
var pairs = record(key, plain);
var base64 = pipe(string(), regex(/^[A-Za-z0-9+/]*={0,2}$/, "is not base64"));
var secret = strictObject({
  id: pipe(string(), regex(/^[A-Za-z0-9_.-]{1,128}$/, "has other characters than letters, digits, _ . and -")),
  /** In base64. */
  value: base64
});
var registry = pipe(string(), regex(/^[A-Za-z0-9.[\]:-]{1,255}$/, "is no registry as host or host:port"));
var credential = union(
  [
    strictObject({ registry, username: text, password: text }),
    strictObject({ registry, identityToken: text }),
    strictObject({ registry, registryToken: text })
  ],
  "is no registry with username and password, identityToken or registryToken"
);
var request = strictObject({
  version: literal(PROTOCOL_VERSION),
  /** A directory. */
  context: path,
  /** A file; default: `Dockerfile` in the context. */
  dockerfile: optional(path),
  /** References with a tag; one at least for a push. */
  tags: optional(pipe(array(text), maxLength(MAX_MANY, FEW)), []),
  push: optional(boolean(), false),
  buildArgs: optional(pairs, {}),
  labels: optional(pairs, {}),
  annotations: optional(pairs, {}),
  target: optional(text),
  platform: optional(pipe(string(), regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, "is not like linux/amd64"))),
  noCache: optional(boolean(), false),
  secrets: optional(pipe(array(secret), maxLength(MAX_MANY, FEW)), []),
  /** For the push alone. */
  credentials: optional(pipe(array(credential), maxLength(MAX_MANY, FEW)), []),
  /** For base images. Every `RUN` line of the build can read them. */
  baseCredentials: optional(pipe(array(credential), maxLength(MAX_MANY, FEW)), []),
  /** In milliseconds. The hook's own limit counts too. */
  timeoutMs: optional(pipe(number(), integer(), minValue(1e3), maxValue(MAX_TIMEOUT_MS)))
});

// packages/builder/src/context/pack.ts
var import_node_crypto = require("node:crypto");
var import_node_fs2 = require("node:fs");

// packages/builder/src/errors.ts
var FAULTS = {
  DOCKERFILE_MISSING: "user",
  DOCKERFILE_UNSUPPORTED: "user",
  REQUEST_REFUSED: "user",
  NO_BACKEND: "configuration",
  DOCKERFILE_FAILED: "user",
  CONTEXT_FAILED: "user",
  BASE_IMAGE: "user",
  REGISTRY_UNREACHABLE: "configuration",
  PUSH_FAILED: "configuration",
  POD_FAILED: "cluster",
  TIMEOUT: "user",
  ABORTED: "user"
};
var BuildError = class _BuildError extends Error {
  name = "BuildError";
  code;
  fault;
  /** Of the command that failed in the build, when one did. */
  exitCode;
  /** The instruction that failed, or the first that cannot be built, when its line is known. */
  at;
  constructor(code3, message, details = {}) {
    super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
    this.code = code3;
    this.fault = details.fault ?? FAULTS[code3];
    if (details.exitCode !== void 0) this.exitCode = details.exitCode;
    if (details.at !== void 0) this.at = details.at;
  }
  /** The same error with each of its texts in other words. */
  inWords(reword) {
    const { code: code3, at: at2 } = this;
    const place2 = at2 === void 0 ? void 0 : { ...at2, instruction: reword(at2.instruction) };
    return new _BuildError(code3, reword(this.message), { ...this, at: place2, cause: this.cause });
  }
};

// packages/builder/src/context/inside.ts
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");
var TEXT_LIMIT = 1024 * 1024;
var MAX_LINKS = 40;
var UnreadableError = class extends Error {
  name = "UnreadableError";
};
function realDirectory(directory, within2) {
  const real = realPath(directory);
  if (real === void 0) {
    throw new BuildError("DOCKERFILE_MISSING", `the directory ${directory} of the Dockerfile does not exist`);
  }
  const roots = within2.flatMap((root) => realPath(root) ?? []);
  if (within2.length === 0 || roots.some((root) => real === root || real.startsWith(`${root}/`))) return real;
  const message = `${directory} leads out of the runner's work directory by a symbolic link, and nothing outside of it is read for a build; put the files of the action into the repository themselves`;
  throw new BuildError("CONTEXT_FAILED", message);
}
function realPath(path8) {
  try {
    return (0, import_node_fs.realpathSync)(path8);
  } catch {
    return void 0;
  }
}
function openInside(root, path8, kind) {
  const full = path8 === "" ? root : (0, import_node_path.join)(root, path8);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = import_node_fs.constants;
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (kind === "directory" ? O_DIRECTORY : 0);
  const opened = attempt(() => (0, import_node_fs.openSync)(full, flags));
  try {
    const stats = (0, import_node_fs.fstatSync)(opened);
    if (kind === "file" ? !stats.isFile() : !stats.isDirectory()) {
      throw new UnreadableError(kind === "file" ? "it is no regular file" : "it is no directory");
    }
    if ((0, import_node_fs.readlinkSync)(`/proc/self/fd/${opened}`) !== full) throw new UnreadableError("it was moved meanwhile");
    return opened;
  } catch (error2) {
    (0, import_node_fs.closeSync)(opened);
    throw error2;
  }
}
function resolveInside(root, path8) {
  let ahead = path8.split("/");
  let done = "";
  let links = 0;
  for (let part = ahead.shift(); part !== void 0; part = ahead.shift()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done = import_node_path.posix.dirname(`/${done}`).slice(1);
      continue;
    }
    const next = done === "" ? part : `${done}/${part}`;
    const target = linkTarget((0, import_node_path.join)(root, next));
    if (target === void 0) return void 0;
    if (target === NO_LINK) {
      done = next;
      continue;
    }
    if (++links > MAX_LINKS) throw new UnreadableError("its symbolic links lead in a circle");
    if (target.startsWith("/")) done = "";
    ahead = [...target.split("/"), ...ahead];
  }
  return done;
}
var NO_LINK = /* @__PURE__ */ Symbol("no link");
function linkTarget(path8) {
  try {
    return (0, import_node_fs.lstatSync)(path8).isSymbolicLink() ? (0, import_node_fs.readlinkSync)(path8) : NO_LINK;
  } catch (error2) {
    const { code: code3 } = error2;
    if (code3 === "ENOENT" || code3 === "ENOTDIR") return void 0;
    throw unreadable(error2);
  }
}
function readTextInside(root, path8) {
  const real = resolveInside(root, path8);
  if (real === void 0) {
    const target = linkTarget((0, import_node_path.join)(root, path8));
    return { kind: "nothing", isLink: typeof target === "string" };
  }
  const stats = attempt(() => (0, import_node_fs.lstatSync)((0, import_node_path.join)(root, real)));
  if (stats.isDirectory()) return { kind: "nothing", isLink: false };
  if (!stats.isFile()) throw new UnreadableError("it is no regular file");
  const file = openInside(root, real, "file");
  try {
    const bytes = Buffer.alloc(TEXT_LIMIT + 1);
    let length = 0;
    for (let count = 1; count > 0 && length < bytes.length; length += count) {
      count = attempt(() => (0, import_node_fs.readSync)(file, bytes, length, bytes.length - length, null));
    }
    if (length > TEXT_LIMIT) throw new UnreadableError("it is longer than 1 MiB");
    return { kind: "text", text: bytes.toString("utf8", 0, length), bytes: bytes.subarray(0, length) };
  } finally {
    (0, import_node_fs.closeSync)(file);
  }
}
function attempt(action) {
  try {
    return action();
  } catch (error2) {
    throw unreadable(error2);
  }
}
function unreadable(error2) {
  const { code: code3 = "", message } = error2;
  if (code3 === "ELOOP") return new UnreadableError("it has become a symbolic link");
  return new UnreadableError(message.split(",", 1)[0] ?? code3, { cause: error2 });
}

// packages/builder/src/context/pack.ts
var PACKED = {
  context: "context",
  dockerfile: "Dockerfile",
  ignore: "Dockerfile.dockerignore",
  inline: "inline"
};
var NO_RULES = "# Applied before.\n";
var BLOCK = 512;
var PIECE = 256 * 1024;
var END = Buffer.alloc(2 * BLOCK);
async function packContext(context) {
  const [{ Header: Header2 }, { Pax: Pax2 }] = await Promise.all([Promise.resolve().then(() => (init_header(), header_exports)), Promise.resolve().then(() => (init_pax(), pax_exports))]);
  const head = (entry2) => {
    const data = {
      path: entry2.kind === "directory" ? `${entry2.path}/` : entry2.path,
      mode: entry2.mode,
      uid: 0,
      gid: 0,
      uname: "root",
      gname: "root",
      mtime: new Date(Math.floor(entry2.mtimeMs / 1e3) * 1e3),
      size: entry2.kind === "file" ? entry2.size : 0,
      ...entry2.kind === "symlink" ? { linkpath: entry2.target } : {}
    };
    const type2 = entry2.kind === "file" ? "File" : entry2.kind === "directory" ? "Directory" : "SymbolicLink";
    const header = new Header2({ ...data, type: type2 });
    const block2 = Buffer.alloc(BLOCK);
    if (!header.encode(block2)) return block2;
    const { path: path8, linkpath, size } = { linkpath: void 0, ...data };
    const large = size > MAX_USTAR_SIZE ? { size } : {};
    const pax = new Pax2({ path: path8, mtime: data.mtime, ...linkpath === void 0 ? {} : { linkpath }, ...large });
    return Buffer.concat([pax.encode(), block2]);
  };
  const texts = [
    { path: PACKED.dockerfile, mode: 420, content: context.dockerfileBytes ?? Buffer.from(context.dockerfileText) },
    { path: PACKED.ignore, mode: 420, content: Buffer.from(NO_RULES) },
    ...(context.inlineFiles ?? []).map((file) => ({ ...file, content: Buffer.from(file.content) }))
  ];
  const beside = texts.map(({ path: path8, mode, content }) => {
    const block2 = head({ kind: "file", path: path8, mode, mtimeMs: 0, size: content.length, sha256: "" });
    return Buffer.concat([block2, content, Buffer.alloc(padToBlock(content.length) - content.length)]);
  });
  const newest = context.entries.reduce((last, { mtimeMs }) => Math.max(last, mtimeMs), 0);
  const top = { kind: "directory", path: PACKED.context, mode: 493, mtimeMs: newest };
  const packed = (entry2) => head({ ...entry2, path: `${PACKED.context}/${entry2.path}` });
  const entries = inSendingOrder(context.entries);
  let bytes = Buffer.concat(beside).length + head(top).length + END.length;
  for (const entry2 of entries) bytes += packed(entry2).length + padToBlock(entry2.kind === "file" ? entry2.size : 0);
  return {
    bytes,
    async send(write2) {
      const hash = (0, import_node_crypto.createHash)("sha256");
      const out = new Pieces(async (chunk) => {
        hash.update(chunk);
        await write2(chunk);
      });
      for (const text3 of beside) await out.add(text3);
      for (const entry2 of entries) {
        await out.add(packed(entry2));
        if (entry2.kind === "file") await sendFile(context.directory, entry2, out);
      }
      await out.add(head(top));
      await out.add(END);
      await out.flush();
      return hash.digest("hex");
    }
  };
}
function inSendingOrder(entries) {
  const directories = entries.filter((entry2) => entry2.kind === "directory");
  return [...entries.filter((entry2) => entry2.kind !== "directory"), ...directories.reverse()];
}
var MAX_USTAR_SIZE = 8589934591;
function padToBlock(size) {
  return Math.ceil(size / BLOCK) * BLOCK;
}
async function sendFile(root, entry2, out) {
  const changed = (what) => new BuildError("CONTEXT_FAILED", `${entry2.path} ${what} while the build context was sent; run the step again`);
  const file = openFile(root, entry2);
  const content = (0, import_node_crypto.createHash)("sha256");
  try {
    let left = entry2.size;
    while (left > 0) {
      const bytesRead = await out.fill(left, (buffer, offset, length) => {
        const count = (0, import_node_fs2.readSync)(file, buffer, offset, length, null);
        content.update(buffer.subarray(offset, offset + count));
        return count;
      });
      if (bytesRead === 0) throw changed("became shorter");
      left -= bytesRead;
    }
    if ((0, import_node_fs2.fstatSync)(file).size !== entry2.size || content.digest("hex") !== entry2.sha256) throw changed("was changed");
    await out.add(END.subarray(0, padToBlock(entry2.size) - entry2.size));
  } finally {
    (0, import_node_fs2.closeSync)(file);
  }
}
function openFile(root, { path: path8, source = path8 }) {
  try {
    return openInside(root, source, "file");
  } catch (cause) {
    const why = cause.message;
    throw new BuildError("CONTEXT_FAILED", `${path8} in the build context cannot be read: ${why}`, { cause });
  }
}
var Pieces = class {
  #buffer = Buffer.allocUnsafe(PIECE);
  #write;
  #used = 0;
  constructor(write2) {
    this.#write = write2;
  }
  async add(bytes) {
    for (let done = 0; done < bytes.length; ) {
      const copied2 = bytes.copy(this.#buffer, this.#used, done);
      done += copied2;
      this.#used += copied2;
      if (this.#used === PIECE) await this.flush();
    }
  }
  /** Lets `read` write at most `limit` bytes where the next ones belong. */
  async fill(limit, read4) {
    const bytesRead = read4(this.#buffer, this.#used, Math.min(limit, PIECE - this.#used));
    this.#used += bytesRead;
    if (this.#used === PIECE) await this.flush();
    return bytesRead;
  }
  async flush() {
    if (this.#used === 0) return;
    const piece = Buffer.from(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
    await this.#write(piece);
  }
};

// packages/builder/src/context/read.ts
var import_node_fs4 = require("node:fs");
var import_node_path4 = require("node:path");
var import_promises2 = require("node:timers/promises");

// packages/builder/src/context/content-hash.ts
var import_node_crypto2 = require("node:crypto");
var import_node_fs3 = require("node:fs");
var import_promises = require("node:timers/promises");
var PIECE2 = 256 * 1024;
var BREATH = 8 * 1024 * 1024;
var ContentHash = class {
  #root;
  #signal;
  #buffer = Buffer.allocUnsafe(PIECE2);
  #unbroken = 0;
  /** @param root the context's directory, without links */
  constructor(root, signal) {
    this.#root = root;
    this.#signal = signal;
  }
  /**
   * Reads as many bytes as the file was found to have: one that grows must not be read for ever.
   *
   * @returns SHA-256 in hex
   * @throws BuildError `CONTEXT_FAILED` when it cannot be read or has another length; the signal's reason
   */
  async of({ path: path8, size }) {
    const hash = (0, import_node_crypto2.createHash)("sha256");
    try {
      const file = openInside(this.#root, path8, "file");
      try {
        let left = size;
        for (let count = 1; count > 0; left -= count) {
          count = attempt(() => (0, import_node_fs3.readSync)(file, this.#buffer, 0, Math.min(PIECE2, Math.max(left, 1)), null));
          if (count > left) throw new Error("it was changed meanwhile");
          hash.update(this.#buffer.subarray(0, count));
          await this.#breathe(count);
        }
        if (left !== 0) throw new Error("it was changed meanwhile");
      } finally {
        (0, import_node_fs3.closeSync)(file);
      }
    } catch (cause) {
      this.#signal?.throwIfAborted();
      const why = cause.message;
      throw new BuildError("CONTEXT_FAILED", `${path8} in the build context cannot be read: ${why}`, { cause });
    }
    return hash.digest("hex");
  }
  async #breathe(count) {
    this.#unbroken += count + 4096;
    if (this.#unbroken < BREATH) return;
    this.#unbroken = 0;
    await (0, import_promises.setImmediate)();
    this.#signal?.throwIfAborted();
  }
};

// packages/builder/src/context/glob.ts
function readGlob(pattern, isDeep = false) {
  const tokens = [];
  const piece = /\\([^])|(\*\*\/?|\*)|(\?)|\[(\^?)((?:\\[^]|[^\]\\])+)\]|([^])/gu;
  for (const found of pattern.matchAll(piece)) {
    const [all, escaped3, stars, one, not, set2, plain2] = found;
    if (stars !== void 0) {
      const isLast = found.index + all.length === pattern.length;
      const token = !isDeep || stars === "*" ? "star" : isLast ? "any" : "directories";
      if (tokens.at(-1) !== token) tokens.push(token);
      if (!isDeep && stars.endsWith("/")) tokens.push((character) => character === "/");
      continue;
    }
    if (one !== void 0) tokens.push((character) => character !== "/");
    else if (set2 !== void 0) {
      const ranges = rangesOf(set2);
      if (ranges === void 0) return void 0;
      tokens.push(
        (character) => character !== "/" && ranges.some(([from, to2]) => character >= from && character <= to2) === (not === "")
      );
    } else {
      if (plain2 === "[" || plain2 === "\\") return void 0;
      tokens.push((character) => character === (escaped3 ?? plain2));
    }
  }
  return tokens;
}
function rangesOf(set2) {
  const found = [...set2.matchAll(/(\\?[^])(?:-(\\?[^]))?/gu)].map(([, from = "", to2 = from]) => {
    return [from.replace(/^\\(?=[^])/, ""), to2.replace(/^\\(?=[^])/, "")];
  });
  return found.some(([from, to2]) => from > to2) ? void 0 : found;
}
function matches(glob, path8) {
  let states = /* @__PURE__ */ new Set();
  const enter = (into, state) => {
    let at2 = state;
    into.add(at2);
    while (typeof glob[at2] === "string") into.add(++at2);
  };
  enter(states, 0);
  for (const character of path8) {
    const next = /* @__PURE__ */ new Set();
    for (const at2 of states) {
      const token = glob[at2];
      if (token === void 0) continue;
      if (token === "directories") {
        next.add(at2);
        if (character === "/") enter(next, at2 + 1);
      } else if (typeof token === "string") {
        if (token === "any" || character !== "/") enter(next, at2);
      } else if (token(character)) enter(next, at2 + 1);
    }
    if (next.size === 0) return false;
    states = next;
  }
  return states.has(glob.length);
}

// packages/builder/src/context/ignore.ts
var NOTHING = { ignores: () => false, hasExceptions: false };
async function readIgnoreRules(root, dockerfile, home = root) {
  const places = [
    { directory: home, name: `${dockerfile}.dockerignore` },
    { directory: root, name: ".dockerignore" }
  ];
  for (const { directory, name: name2 } of places) {
    const found = read2(directory, name2);
    if (found.kind === "text") return parseIgnoreRules(found.text, name2);
    if (found.isLink) {
      return { ...NOTHING, warning: `${name2} is a link to nothing in the build context: nothing is left out` };
    }
  }
  return NOTHING;
}
function read2(root, name2) {
  try {
    return readTextInside(root, name2);
  } catch (cause) {
    if (!(cause instanceof UnreadableError)) throw cause;
    throw new BuildError("CONTEXT_FAILED", `${name2} in the build context cannot be read: ${cause.message}`, { cause });
  }
}
async function parseIgnoreRules(text3, name2) {
  const { default: module2 } = await Promise.resolve().then(() => __toESM(require_ignore(), 1));
  const make = () => module2.default({ ignorecase: false });
  const patterns = text3.replace(/^\uFEFF/, "").split(/\r?\n/);
  const malformed = patterns.findIndex((pattern) => !isWellFormed(make, pattern));
  if (malformed !== -1) {
    throw new BuildError("CONTEXT_FAILED", `the pattern in line ${malformed + 1} of ${name2} is malformed`);
  }
  const rules = make().add(patterns);
  for (const rule of rules._rules) {
    const glob = wildcardsOf(rule.pattern) < 2 || isRegular(rule.pattern) ? void 0 : readGlob(rule.pattern, true);
    if (glob !== void 0) rule.regexp = { test: (path8) => matches(glob, path8) };
  }
  return {
    ignores: (path8) => rules.ignores(path8),
    hasExceptions: patterns.some((pattern) => pattern.trimStart().startsWith("!"))
  };
}
var MAX_PATTERN = 4096;
function isRegular(pattern) {
  return /[(){}+|^]/.test(pattern.replace(/\[\^/g, "["));
}
function wildcardsOf(pattern) {
  return pattern.match(/\*\*?|[+{]/g)?.length ?? 0;
}
function isBounded(pattern) {
  if (pattern.length > MAX_PATTERN) return false;
  if (isRegular(pattern)) return wildcardsOf(pattern) < (/[(|]/.test(pattern) ? 1 : 3);
  return wildcardsOf(pattern) < 2 || readGlob(pattern.trim(), true) !== void 0;
}
function isWellFormed(make, pattern) {
  if (pattern.startsWith("#")) return true;
  if (!isBounded(pattern)) return false;
  try {
    make().add(pattern).ignores(".");
    return true;
  } catch {
    return false;
  }
}

// packages/builder/src/context/read.ts
async function readContext(directory, dockerfile, options = {}) {
  const { within: within2 = [], dockerfileDirectory, signal } = options;
  const root = realDirectory(directory, within2);
  const home = dockerfileDirectory === void 0 ? root : realDirectory(dockerfileDirectory, within2);
  const name2 = (0, import_node_path4.join)(dockerfileDirectory ?? directory, dockerfile);
  const { text: dockerfileText, bytes } = readDockerfile(home, dockerfile, name2);
  const rules = await readIgnoreRules(root, dockerfile, home);
  const walk = new Walk(root, rules, signal);
  try {
    await walk.directory("");
    const hash = new ContentHash(root, signal);
    const entries = [];
    for (const found of walk.entries()) {
      entries.push(found.kind === "file" ? { ...found, sha256: await hash.of(found) } : found);
    }
    const warnings = [...rules.warning === void 0 ? [] : [rules.warning], ...walk.warnings];
    const isText = bytes.equals(Buffer.from(dockerfileText));
    const own = isText ? {} : { dockerfileBytes: bytes };
    return { directory: root, dockerfile, dockerfileText, ...own, entries, warnings };
  } catch (cause) {
    if (signal?.aborted !== true) throw cause;
    throw new BuildError("ABORTED", "the build context was being read", { cause });
  }
}
function readDockerfile(root, dockerfile, name2) {
  const missing = (why, cause) => new BuildError("DOCKERFILE_MISSING", `the Dockerfile ${name2} ${why}`, { cause });
  try {
    const found = readTextInside(root, dockerfile);
    if (found.kind === "text") return found;
    throw missing(found.isLink ? "is a link to nothing in its directory" : "does not exist");
  } catch (cause) {
    throw cause instanceof UnreadableError ? missing(`cannot be read: ${cause.message}`, cause) : cause;
  }
}
var Walk = class {
  warnings = [];
  #root;
  #rules;
  #signal;
  #kept = /* @__PURE__ */ new Map();
  /** Directories that are ignored themselves; they are sent after all when something in them is not. */
  #ignored = /* @__PURE__ */ new Map();
  constructor(root, rules, signal) {
    this.#root = root;
    this.#rules = rules;
    this.#signal = signal;
  }
  /** Looks through a descriptor: what is below it stays below it, even if the directory is exchanged for a link. */
  async directory(path8) {
    const opened = this.#readable(path8, () => openInside(this.#root, path8, "directory"));
    const below2 = [];
    try {
      const place2 = `/proc/self/fd/${opened}`;
      const children = this.#readable(path8, () => attempt(() => (0, import_node_fs4.readdirSync)(place2, { withFileTypes: true })));
      for (const child2 of children) {
        const childPath = path8 === "" ? child2.name : `${path8}/${child2.name}`;
        if (this.#child(childPath, child2, `${place2}/${child2.name}`) === "directory") below2.push(childPath);
      }
    } finally {
      (0, import_node_fs4.closeSync)(opened);
    }
    await (0, import_promises2.setImmediate)();
    this.#signal?.throwIfAborted();
    for (const childPath of below2) await this.directory(childPath);
  }
  entries() {
    for (const path8 of [...this.#kept.keys()]) this.#keepParents(path8);
    return [...this.#kept.values()].sort((a, b2) => a.path < b2.path ? -1 : 1);
  }
  #child(path8, child2, place2) {
    const ignored = this.#rules.ignores(path8);
    if (ignored && !(child2.isDirectory() && this.#rules.hasExceptions)) return void 0;
    const entry2 = this.#readable(
      path8,
      () => attempt(() => {
        const stats = (0, import_node_fs4.lstatSync)(place2);
        return this.#entry(path8, stats, stats.isSymbolicLink() ? (0, import_node_fs4.readlinkSync)(place2) : "");
      })
    );
    if (entry2 === void 0) return void 0;
    const target = ignored ? this.#ignored : this.#kept;
    target.set(path8, entry2);
    return entry2.kind;
  }
  #entry(path8, stats, target) {
    const common3 = { path: path8, mode: stats.mode & 4095, mtimeMs: stats.mtimeMs };
    if (stats.isFile()) return { kind: "file", ...common3, size: stats.size };
    if (stats.isDirectory()) return { kind: "directory", ...common3 };
    if (stats.isSymbolicLink()) return { kind: "symlink", ...common3, target };
    this.warnings.push(`${path8} is a ${stats.isSocket() ? "socket" : "pipe or device"} and is not sent to the build`);
    return void 0;
  }
  #keepParents(path8) {
    const slash = path8.lastIndexOf("/");
    if (slash === -1) return;
    const parent = path8.slice(0, slash);
    const entry2 = this.#ignored.get(parent);
    if (entry2 !== void 0) this.#kept.set(parent, entry2);
    this.#keepParents(parent);
  }
  #readable(path8, read4) {
    try {
      return read4();
    } catch (cause) {
      const name2 = path8 === "" ? this.#root : path8;
      const why = path8.includes("\uFFFD") ? "its name is not UTF-8" : cause.message;
      throw new BuildError(
        "CONTEXT_FAILED",
        `${name2} in the build context cannot be read: ${why}; make it readable, or leave it out by .dockerignore`,
        { cause }
      );
    }
  }
};

// packages/builder/src/destinations/connector.ts
var path2 = __toESM(require("node:path/posix"), 1);
var CONNECTORS_GROUP = "connectors.alauda.io";
function connectorName(text3, namespace) {
  const [first = "", second] = text3.split("/", 2);
  return second === void 0 ? { namespace, name: first } : { namespace: first, name: second };
}
function storedConnector(connector2) {
  return { group: CONNECTORS_GROUP, version: "v1alpha1", plural: "connectors", ...connector2 };
}
var SCHEME = /^[a-z]+:\/\//i;
function connectorAddress(text3) {
  const url = SCHEME.test(text3) ? text3 : `http://${text3}`;
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new BuildError("REGISTRY_UNREACHABLE", `"${text3.slice(0, 300)}" is not the address of a registry or a proxy`);
  }
  const { host: short2, hostname, pathname, protocol } = new URL(url);
  const [, spelledOut] = /^[^/]+\/\/[^/]*:(\d+)(?:\/|$)/.exec(url) ?? [];
  const host = spelledOut === void 0 || hostname.includes(".") ? short2 : `${hostname}:${Number(spelledOut)}`;
  return { host, path: pathname.replace(/^\/+|\/+$/g, ""), plainHttp: protocol === "http:" };
}
function addressOfConnector({ namespace, name: name2 }, connector2) {
  const conditions = connector2.status?.conditions ?? [];
  const failed5 = conditions.filter(({ status }) => status === "False");
  const cause = failed5.find(({ type: type2 }) => type2 !== "Ready") ?? failed5[0];
  const ready = conditions.find(({ type: type2 }) => type2 === "Ready");
  if (ready?.status !== "True") {
    const said = [cause?.reason ?? ready?.reason, cause?.message ?? ready?.message].filter(Boolean).join(": ");
    const which2 = cause?.type === void 0 ? "" : ` (${cause.type})`;
    const why = said === "" ? "it says nothing of itself; is the connectors operator running?" : `${said}${which2}`;
    throw new BuildError("REGISTRY_UNREACHABLE", `the connector ${namespace}/${name2} is not ready: ${why}`);
  }
  const url = connector2.status?.proxy?.httpAddress?.url;
  if (url === void 0 || url === "") {
    const why = "its class has no proxy (status.proxy is empty)";
    throw new BuildError("REGISTRY_UNREACHABLE", `no image can go through the connector ${namespace}/${name2}: ${why}`);
  }
  return connectorAddress(url);
}
function registryBehind({ namespace, name: name2 }, connector2, registry2) {
  const wanted = registry2 === void 0 ? void 0 : originalAddress(registry2);
  if (connector2 === void 0 && wanted !== void 0) return wanted;
  const { address, addressExtensions = [] } = connector2?.spec ?? {};
  if (address === void 0) {
    throw new BuildError("REGISTRY_UNREACHABLE", `the connector ${namespace}/${name2} has no spec.address`);
  }
  const first = originalAddress(address);
  if (registry2 === void 0 || wanted === void 0) return first;
  const extensions = addressExtensions.flatMap(({ value }) => value ?? []);
  const isSame2 = (one) => {
    return withPort(one) === withPort(wanted) || !SCHEME.test(registry2) && one.host === wanted.host;
  };
  const found = [first, ...extensions.flatMap(readableAddress)].find(isSame2);
  if (found !== void 0) return SCHEME.test(registry2) ? wanted : { ...found, host: wanted.host };
  throw new BuildError(
    "REGISTRY_UNREACHABLE",
    `the connector ${namespace}/${name2} gives its credential for ${[address, ...extensions].join(", ")} only (spec.address and spec.addressExtensions), and the setting registry is ${registry2}`
  );
}
function readableAddress(text3) {
  try {
    return [originalAddress(text3)];
  } catch (error2) {
    if (!(error2 instanceof BuildError)) throw error2;
    return [];
  }
}
function originalAddress(text3) {
  return { ...connectorAddress(SCHEME.test(text3) ? text3 : `https://${text3}`), path: "" };
}
function withPort({ host, plainHttp }) {
  return /:\d+$/.test(host) ? host : `${host}:${plainHttp ? 80 : 443}`;
}
function connectorRegistry({ namespace, name: name2 }, { push, pull, api = push }, repository) {
  const by = ({ host, path: below2, plainHttp }) => ({
    host,
    repository: path2.join(below2, repository),
    plainHttp
  });
  return { push: by(push), pull: by(pull), api: by(api), proxy: `the connector ${namespace}/${name2}` };
}

// packages/registry/src/client.ts
var import_node_crypto4 = require("node:crypto");

// packages/registry/src/errors.ts
var FAULTS2 = {
  INVALID_REFERENCE: "configuration",
  BAD_CREDENTIALS: "configuration",
  BAD_CERTIFICATE: "configuration",
  UNREACHABLE: "configuration",
  UNAUTHORIZED: "configuration",
  DENIED: "configuration",
  NOT_FOUND: "configuration",
  UNSUPPORTED: "configuration",
  RATE_LIMITED: "cluster",
  SERVER: "cluster",
  PROTOCOL: "cluster",
  ABORTED: "user"
};
var RegistryError = class extends Error {
  name = "RegistryError";
  code;
  fault;
  /** HTTP status of the answer; absent when there was none. */
  status;
  /** What the registry's error body said. */
  problems;
  /** False when another try may not find the same, such as a timeout: the name may exist, the route may be slow. */
  definite;
  constructor(code3, message, details = {}) {
    super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
    this.code = code3;
    this.fault = FAULTS2[code3];
    this.problems = details.problems ?? [];
    this.definite = details.definite ?? true;
    if (details.status !== void 0) this.status = details.status;
  }
};

// packages/registry/src/problem.ts
var MAX_QUOTE = 500;
function redactor(secrets) {
  const forms = [...secrets].flatMap((secret2) => {
    const inForm = new URLSearchParams({ "": secret2 }).toString().slice(1);
    return [secret2, inForm, inForm.replaceAll("+", "%20")];
  });
  const known = [...new Set(forms)].filter((form) => form !== "").sort((a, b2) => b2.length - a.length);
  return (text3) => known.reduce((rest2, form) => rest2.replaceAll(form, "***"), text3);
}
function codeOf(status) {
  if (status === 401) return "UNAUTHORIZED";
  if (status === 403) return "DENIED";
  if (status === 404) return "NOT_FOUND";
  if (status === 400 || status === 405) return "UNSUPPORTED";
  if (status === 429) return "RATE_LIMITED";
  return status >= 500 ? "SERVER" : "PROTOCOL";
}
function decodeProblems(body, redact2) {
  const parsed = parse2(body);
  if (!("errors" in parsed) || !Array.isArray(parsed.errors)) return [];
  return parsed.errors.flatMap((entry2) => {
    if (typeof entry2 !== "object" || entry2 === null) return [];
    const { code: code3, message } = entry2;
    return [{ code: asText(code3, redact2), message: asText(message, redact2) }];
  });
}
function wordsOf(body, redact2) {
  const problems = decodeProblems(body, redact2);
  if (problems.length > 0) return problems.map(({ code: code3, message }) => `${code3}: ${message}`).join("; ");
  const parsed = { ...parse2(body) };
  return ["error", "error_description", "message", "details"].map((field) => asText(parsed[field], redact2)).filter((text3) => text3 !== "").join(": ");
}
function parse2(body) {
  try {
    const parsed = JSON.parse(body.toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
var CONTROL = /[\u0000-\u001f\u007f]+/g;
function asText(value, redact2) {
  return typeof value === "string" ? redact2(value).replace(CONTROL, " ").slice(0, MAX_QUOTE) : "";
}

// packages/registry/src/reference.ts
var ALPHANUMERIC = "[a-z0-9]+";
var SEPARATOR = "(?:[._]|__|-+)";
var PATH_COMPONENT = `${ALPHANUMERIC}(?:${SEPARATOR}${ALPHANUMERIC})*`;
var REMOTE_NAME = `${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
var DOMAIN_COMPONENT = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
var IPV6_ADDRESS = "\\[[a-fA-F0-9:]+\\]";
var HOST = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|${IPV6_ADDRESS})`;
var DOMAIN = `${HOST}(?::[0-9]+)?`;
var TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
var DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
var REFERENCE = new RegExp(`^(${DOMAIN})/(${REMOTE_NAME})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
var IDENTIFIER = /^[a-f0-9]{64}$/;
var DIGEST_LENGTHS = { sha256: 64, sha384: 96, sha512: 128 };
var MAX_REPOSITORY_LENGTH = 255;
var DOCKER_HUB = "docker.io";
function parseReference(text3) {
  const invalid = (why) => new RegistryError("INVALID_REFERENCE", `"${text3.slice(0, 300)}" is not an image reference: ${why}`);
  if (text3 === "") throw invalid("it is empty");
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(text3)) throw invalid("leave out the scheme (https://)");
  if (IDENTIFIER.test(text3)) throw invalid("64 hex digits are an image id, not a name");
  const [domain, remainder] = splitDomain(text3);
  const path8 = remainder.split(/[:@]/, 1)[0] ?? "";
  if (path8 !== path8.toLowerCase()) throw invalid("the repository name must be lower case");
  if (path8.length > MAX_REPOSITORY_LENGTH) throw invalid(`the repository name is longer than ${MAX_REPOSITORY_LENGTH}`);
  const match = REFERENCE.exec(`${domain}/${remainder}`);
  if (match?.[1] === void 0 || match[2] === void 0) throw invalid("expected [host[:port]/]path[:tag][@digest]");
  const [, , repository, tag, digest2] = match;
  if (digest2 !== void 0) checkDigest(digest2, invalid);
  return {
    domain,
    repository,
    ...tag === void 0 ? {} : { tag },
    ...digest2 === void 0 ? {} : { digest: digest2 }
  };
}
function formatReference(reference) {
  const tag = reference.tag === void 0 ? "" : `:${reference.tag}`;
  const digest2 = reference.digest === void 0 ? "" : `@${reference.digest}`;
  return `${reference.domain}/${reference.repository}${tag}${digest2}`;
}
function isDigest(text3) {
  const [algorithm = "", hex = ""] = text3.split(":", 2);
  return new RegExp(`^${DIGEST}$`).test(text3) && DIGEST_LENGTHS[algorithm] === hex.length && hex === hex.toLowerCase();
}
function splitDomain(text3) {
  const slash = text3.indexOf("/");
  const first = slash === -1 ? "" : text3.slice(0, slash);
  const rest2 = text3.slice(slash + 1);
  if (first === DOCKER_HUB || first === `index.${DOCKER_HUB}`) return [DOCKER_HUB, inLibrary(rest2)];
  const isDomain = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  return isDomain ? [first, rest2] : [DOCKER_HUB, inLibrary(text3)];
}
function inLibrary(remainder) {
  return remainder.includes("/") ? remainder : `library/${remainder}`;
}
function checkDigest(digest2, invalid) {
  const [algorithm = "", hex = ""] = digest2.split(":", 2);
  const length = DIGEST_LENGTHS[algorithm];
  if (length === void 0) throw invalid(`the digest algorithm ${algorithm} is unknown`);
  if (hex.length !== length) throw invalid(`a ${algorithm} digest has ${length} hex digits, this one ${hex.length}`);
  if (hex !== hex.toLowerCase()) throw invalid("the hex digits of a digest are lower case");
}

// packages/registry/src/challenge.ts
var TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
var BLANKS = /[ \t]*/y;
var COMMAS = /[ \t,]*/y;
var EQUALS = /[ \t]*=[ \t]*/y;
var TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
var QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
function parseChallenges(header) {
  const challenges = [];
  const text3 = new Cursor(header);
  text3.take(COMMAS);
  while (!text3.ended) {
    const scheme = text3.take(TOKEN)?.[0];
    if (scheme === void 0) break;
    text3.take(BLANKS);
    const parameters = text3.take(TOKEN68) === void 0 ? takeParameters(text3) : /* @__PURE__ */ new Map();
    if (parameters === void 0) break;
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    text3.take(COMMAS);
  }
  return challenges;
}
function takeParameters(text3) {
  const parameters = /* @__PURE__ */ new Map();
  for (; ; ) {
    text3.take(COMMAS);
    if (text3.ended) return parameters;
    const start = text3.at;
    const name2 = text3.take(TOKEN)?.[0].toLowerCase();
    if (name2 === void 0) return void 0;
    if (text3.take(EQUALS) === void 0) {
      text3.at = start;
      return parameters;
    }
    const value = text3.take(QUOTED)?.[1]?.replace(/\\(.)/gs, "$1") ?? text3.take(TOKEN)?.[0];
    if (value === void 0) return void 0;
    const before = parameters.get(name2);
    if (before === void 0) parameters.set(name2, value);
    else if (name2 === "scope") parameters.set(name2, `${before} ${value}`);
  }
}
var Cursor = class {
  #text;
  at = 0;
  constructor(text3) {
    this.#text = text3;
  }
  get ended() {
    return this.at >= this.#text.length;
  }
  take(pattern) {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#text);
    if (match === null) return void 0;
    this.at = pattern.lastIndex;
    return match;
  }
};

// packages/registry/src/credentials.ts
var DOCKER_HUB_KEY = "https://index.docker.io/v1/";
var Keychain = class {
  /** `host[:port]` or `host[:port]/path`, normalised, to what was written for it. */
  #entries;
  constructor(entries) {
    this.#entries = entries;
  }
  /**
   * Looks up what to show to a registry. The host must be the same, port included: no suffix matches, no part of a
   * name, and no glob (the kubelet knows `*.example.com`; here such a key holds for nothing, since a credential that
   * goes to too many hosts is worse than one that is missing). A key with a path holds for that repository and those
   * below it; the longest such key wins, then the host's own.
   *
   * @param domain `host[:port]` as in an image reference; the names of Docker Hub are one
   * @param repository path in the registry; without it only the host's own key counts
   */
  credentialFor(domain, repository = "") {
    const host = canonicalHost(domain);
    const parts = repository.split("/").filter((part) => part !== "");
    for (let kept = parts.length; kept >= 0; kept--) {
      const entry2 = this.#entries.get([host, ...parts.slice(0, kept)].join("/"));
      if (entry2 !== void 0) return entry2.credential;
    }
    return void 0;
  }
  /** What it has credentials for, in the words of an error: `host[:port]` or `host[:port]/path`, normalised. */
  get registries() {
    return [...this.#entries.keys()];
  }
  /**
   * Whether docker's own programs, and those that read the file as they do (crane, Kaniko), find something for a registry.
   * They know Docker Hub by one key only, and of keys with paths they may take any.
   */
  servesDocker(domain) {
    const host = canonicalHost(domain);
    const entry2 = this.#entries.get(host);
    return entry2 !== void 0 && (host !== "docker.io" || entry2.key === DOCKER_HUB_KEY);
  }
  /**
   * All that must never be printed: passwords, tokens, and the base64 forms of `user:password`. A getter, so that a
   * keychain that somebody logs does not show them.
   */
  get secrets() {
    return [...new Set([...this.#entries.values()].flatMap((entry2) => entry2.secrets))];
  }
};
function parseDockerConfig(text3) {
  const config = parseObject(text3);
  const entries = parseAuths(config);
  const helper = ["credsStore", "credHelpers"].find((name2) => config[name2] !== void 0);
  if (entries.size === 0 && helper !== void 0) {
    throw bad(
      `it holds no credential itself, only "${helper}", a program that is not run here: make the Secret with \`kubectl create secret docker-registry\``
    );
  }
  if (config["auths"] === void 0) throw bad('it has no "auths"; the old .dockercfg form is not read');
  return new Keychain(entries);
}
function parseLocalDockerConfig(text3) {
  const config = parseObject(text3);
  const { credsStore, credHelpers = {} } = config;
  if (!isObject(credHelpers)) throw bad('its "credHelpers" is not an object');
  const byHost = new Map(Object.entries(credHelpers).map(([key2, name2]) => [canonicalKey(key2), helperName(name2)]));
  const forAll = credsStore === void 0 || credsStore === "" ? void 0 : helperName(credsStore);
  return {
    keychain: new Keychain(parseAuths(config)),
    helperFor: (domain) => byHost.get(canonicalHost(domain)) ?? forAll
  };
}
function helperName(name2) {
  if (typeof name2 === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name2)) return name2;
  throw bad(`it names a credential helper ${JSON.stringify(String(name2).slice(0, 100))}, which is no name of one`);
}
function formatDockerConfig(credentials) {
  const auths = Object.fromEntries(
    [...credentials].map(([domain, credential2]) => [
      canonicalHost(domain) === "docker.io" ? DOCKER_HUB_KEY : domain,
      entryOf(credential2)
    ])
  );
  return JSON.stringify({ auths });
}
function entryOf(credential2) {
  if ("registryToken" in credential2) return { registrytoken: credential2.registryToken };
  if ("password" in credential2) return { auth: basicOf(credential2) };
  const { identityToken, username } = credential2;
  return { identitytoken: identityToken, ...username === void 0 ? {} : { username } };
}
function secretsOf(credential2) {
  if ("registryToken" in credential2) return [credential2.registryToken];
  if ("identityToken" in credential2) return [credential2.identityToken];
  return [credential2.password, basicOf(credential2)];
}
function basicOf({ username, password }) {
  return Buffer.from(`${username}:${password}`, "utf8").toString("base64");
}
function ownerOf(credential2) {
  if (credential2 === void 0) return "an anonymous user";
  if ("registryToken" in credential2) return "the registry token";
  const { username } = credential2;
  if (secretsOf(credential2).includes(username ?? "")) return "the configured user";
  if (username === void 0 || username === "") return "the identity token";
  return "identityToken" in credential2 ? `the identity token of the user "${username}"` : `the user "${username}"`;
}
function isToken(text3) {
  return /^[\x21-\x7e]+$/.test(text3);
}
function parseObject(text3) {
  let parsed;
  try {
    parsed = JSON.parse(text3);
  } catch {
    throw bad("it is not JSON");
  }
  if (!isObject(parsed)) throw bad("it is not a JSON object");
  return parsed;
}
function parseAuths(config) {
  const auths = config["auths"] ?? {};
  if (!isObject(auths)) throw bad('its "auths" is not an object');
  const entries = /* @__PURE__ */ new Map();
  for (const [key2, value] of Object.entries(auths)) {
    const entry2 = parseEntry(key2, value);
    const place2 = canonicalKey(key2);
    if (entry2 !== void 0 && (key2 === DOCKER_HUB_KEY || !entries.has(place2))) entries.set(place2, entry2);
  }
  return entries;
}
function parseEntry(key2, value) {
  const wrong = (why) => bad(`the entry ${shown(key2)} ${why}`);
  if (!isObject(value)) throw wrong("is not an object");
  const field = (name2) => {
    const found = value[name2] ?? "";
    if (typeof found !== "string") throw wrong(`has a "${name2}" that is not a string`);
    return found;
  };
  const auth = field("auth").trim();
  const registryToken = field("registrytoken").trim();
  const identityToken = field("identitytoken").trim();
  const user = auth === "" ? { username: field("username"), password: field("password") } : decodeAuth(auth, wrong);
  const { username, password } = user;
  const credential2 = (() => {
    if (registryToken !== "") return { registryToken };
    if (identityToken !== "") return { identityToken, ...username === "" ? {} : { username } };
    return username === "" && password === "" ? void 0 : { username, password };
  })();
  if (credential2 === void 0) return void 0;
  if ("password" in credential2) {
    if (username === "") throw wrong("has no user name");
    if (password === "") throw wrong("has no password");
    if (username.includes(":")) throw wrong("has a user name with a colon, which HTTP Basic cannot carry");
  } else if (![registryToken, identityToken].every((token) => token === "" || isToken(token))) {
    throw wrong("has a token with blanks or control characters in it");
  }
  const beside = [auth, password, registryToken, identityToken, password === "" ? "" : basicOf(user)];
  return {
    key: key2,
    credential: credential2,
    secrets: [...new Set(beside)].filter((secret2) => secret2 !== "")
  };
}
function decodeAuth(auth, wrong) {
  const refusal2 = wrong('has an "auth" that is not the base64 of user:password');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(auth)) throw refusal2;
  let decoded2;
  try {
    decoded2 = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(auth, "base64"));
  } catch {
    throw refusal2;
  }
  const colon = decoded2.indexOf(":");
  if (colon === -1) throw refusal2;
  return { username: decoded2.slice(0, colon), password: decoded2.slice(colon + 1).replace(/\0+$/, "") };
}
var DOCKER_HUB2 = /* @__PURE__ */ new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);
function canonicalHost(host) {
  const lower = host.toLowerCase();
  return DOCKER_HUB2.has(lower) ? "docker.io" : lower;
}
function canonicalKey(key2) {
  const [host = "", ...path8] = key2.replace(/^https?:\/\//i, "").split("/");
  const parts = path8.filter((part) => part !== "");
  if (parts[0] === "v1" || parts[0] === "v2") parts.shift();
  return [canonicalHost(host), ...parts].join("/");
}
function shown(key2) {
  return JSON.stringify(key2.replace(/^.*@/s, "\u2026@").slice(0, 300));
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function bad(why) {
  return new RegistryError("BAD_CREDENTIALS", `the docker config.json cannot be used: ${why}`);
}

// packages/registry/src/scope.ts
function repositoryScope(repository, actions) {
  return `repository:${repository}:${actions.join(",")}`;
}
function mergeScopes(needed, asked = "") {
  const actionsOf = /* @__PURE__ */ new Map();
  for (const scope of `${needed} ${asked}`.split(/\s+/)) {
    const colon = scope.lastIndexOf(":");
    if (colon === -1) continue;
    const resource = scope.slice(0, colon);
    const actions = actionsOf.get(resource) ?? /* @__PURE__ */ new Set();
    for (const action of scope.slice(colon + 1).split(",")) actions.add(action);
    actionsOf.set(resource, actions);
  }
  return [...actionsOf].map(([resource, actions]) => `${resource}:${[...actions].join(",")}`);
}

// packages/registry/src/retry.ts
var import_promises3 = require("node:timers/promises");

// packages/registry/src/exchange.ts
var http = __toESM(require("node:http"), 1);
var https = __toESM(require("node:https"), 1);

// packages/registry/src/plain-http.ts
var PLAIN_ANSWER = /wrong version number|packet length too long|HTTP response to HTTPS client/i;
var ADVICE = "the registry answers in plain HTTP, without TLS; allow that for it: --insecure-registry of kbuild, insecure-registries of the action, or in the hook's settings build.insecureRegistries for base images and plainHttp of a destination or of broker.pushTo";
function isPlainAnswer(said) {
  return PLAIN_ANSWER.test(said);
}
function withPlainHttpAdvice(said) {
  return isPlainAnswer(said) ? `${said}; ${ADVICE}` : said;
}

// packages/registry/src/exchange.ts
var DEFINITE = new Map([
  ["ENOTFOUND", ""],
  ["EPROTO", ""],
  ["ERR_TLS_CERT_ALTNAME_INVALID", ""],
  ...[
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
  ].map((code3) => [code3, " (the certificate of its private authority has to be configured)"])
]);
function exchange(wire, request4) {
  return new Promise((resolve10, reject) => {
    const url = new URL(request4.url);
    url.username = "";
    url.password = "";
    const plain2 = url.protocol === "http:";
    const trust = plain2 ? void 0 : wire.trust();
    const timers = [];
    const options = {
      method: request4.method,
      headers: request4.headers,
      // A clean-up sends two requests: an idle socket that keeps the process alive costs more than it saves.
      agent: false,
      ...request4.signal === void 0 ? {} : { signal: request4.signal },
      ...trust === void 0 ? {} : { secureContext: trust }
    };
    const outgoing = plain2 ? http.request(url, options) : https.request(url, options);
    const finish = () => timers.forEach(clearTimeout);
    const fail = (cause) => {
      finish();
      reject(unreachable(request4, cause));
    };
    const expire = (ms2, what) => {
      const timer = setTimeout(() => outgoing.destroy(new Error(`${what} within ${Math.round(ms2 / 100) / 10} s`)), ms2);
      timers.push(timer);
      return timer;
    };
    expire(wire.connectTimeoutMs + (request4.answerTimeoutMs ?? wire.answerTimeoutMs), "no whole answer");
    const connecting = expire(wire.connectTimeoutMs, "no connection");
    outgoing.on("socket", (socket) => {
      if (!socket.connecting) clearTimeout(connecting);
      socket.once(plain2 ? "connect" : "secureConnect", () => clearTimeout(connecting));
    });
    outgoing.on("error", fail);
    outgoing.on("response", (incoming) => {
      const chunks = [];
      let kept = 0;
      let cut = false;
      incoming.on("data", (chunk) => {
        const part = chunk.subarray(0, request4.maxBytes - kept);
        kept += part.length;
        chunks.push(part);
        if (part.length < chunk.length) {
          cut = true;
          settle();
          outgoing.destroy();
        }
      });
      const settle = () => {
        finish();
        const { statusCode: status = 0, headers } = incoming;
        resolve10({ url, status, headers, body: Buffer.concat(chunks), cut });
      };
      incoming.on("end", settle);
      incoming.on("error", fail);
      incoming.on("close", () => {
        if (!incoming.complete && !cut) fail(new Error("the connection ended within the answer"));
      });
    });
    const { body } = request4;
    if (typeof body !== "function") {
      outgoing.end(body);
      return;
    }
    const content = body();
    content.on("error", (error2) => outgoing.destroy(error2));
    outgoing.on("close", () => content.destroy());
    content.pipe(outgoing);
  });
}
function unreachable(request4, cause) {
  if (request4.signal?.aborted === true) return aborted(request4, cause);
  const { code: code3 = "", message = "" } = cause;
  const said = message.trim() || code3;
  const hint = DEFINITE.get(code3);
  return new RegistryError(
    "UNREACHABLE",
    `${request4.whom} cannot be reached: ${withPlainHttpAdvice(said || "no reason given")}${hint ?? ""}`,
    {
      cause,
      definite: hint !== void 0 || code3 === "ECONNREFUSED" || code3.startsWith("CERT_") || code3.includes("_CERT") || isPlainAnswer(said)
    }
  );
}
function aborted(request4, cause) {
  return new RegistryError("ABORTED", `the ${request4.method} request to ${request4.whom} was aborted`, { cause });
}
function isPassing(error2) {
  if (error2.code !== "UNREACHABLE") return false;
  return !error2.definite || error2.cause.code === "ECONNREFUSED";
}

// packages/registry/src/retry.ts
var MAX_PAUSE_MS = 1e4;
async function persist(wire, request4) {
  for (let tried = 0; ; tried++) {
    const last = tried >= (request4.retries ?? wire.retries);
    let pause2 = wire.pauseMs * 2 ** tried;
    try {
      const answer2 = await exchange(wire, request4);
      if (last || !isRetriable(answer2.status)) return answer2;
      pause2 = Math.max(pause2, retryAfter(answer2.headers));
      if (pause2 > MAX_PAUSE_MS) return answer2;
    } catch (error2) {
      if (last || !(error2 instanceof RegistryError) || !isPassing(error2)) throw error2;
    }
    await rest(pause2, request4);
  }
}
async function rest(ms2, request4) {
  try {
    await (0, import_promises3.setTimeout)(ms2 * (1 + Math.random() / 4), void 0, request4.signal === void 0 ? {} : { signal: request4.signal });
  } catch (cause) {
    throw aborted(request4, cause);
  }
}
function isRetriable(status) {
  return status === 429 || status === 500 || status >= 502 && status <= 504;
}
function retryAfter(headers) {
  const value = headers["retry-after"];
  if (value === void 0) return 0;
  const seconds2 = Number(value);
  const ms2 = Number.isNaN(seconds2) ? Date.parse(value) - Date.now() : seconds2 * 1e3;
  return Number.isNaN(ms2) ? 0 : Math.max(0, ms2);
}

// packages/registry/src/redirect.ts
var MAX_REDIRECTS = 5;
async function follow(wire, request4) {
  let current = request4;
  for (let hops = 0; ; hops++) {
    const answer2 = await persist(wire, current);
    if (!isRedirect(answer2.status) || request4.method !== "GET" && request4.method !== "HEAD") return answer2;
    const refused3 = (why) => (
      // Hosts only: the rest of such an address is often a signature that lets its bearer in.
      new RegistryError("PROTOCOL", `${current.whom} answered ${answer2.status}: ${why}`, { status: answer2.status })
    );
    if (hops >= MAX_REDIRECTS) throw refused3(`more than ${MAX_REDIRECTS} redirects are not followed`);
    const { location = "" } = answer2.headers;
    if (location === "" || !URL.canParse(location, current.url.href)) throw refused3("it does not say where to go");
    const url = new URL(location, current.url);
    if (url.protocol !== "https:" && url.protocol !== "http:") throw refused3(`${url.protocol} is not followed`);
    if (current.url.protocol === "https:" && url.protocol === "http:") {
      throw refused3(`it leads from HTTPS to plain HTTP at ${url.host}, which is not followed`);
    }
    const elsewhere = url.origin !== current.url.origin;
    current = {
      ...current,
      url,
      headers: elsewhere ? withoutAuthorization(current.headers) : current.headers,
      whom: elsewhere ? `${url.host}, where ${request4.whom} redirects to,` : current.whom
    };
  }
}
function isRedirect(status) {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}
function withoutAuthorization(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name2]) => name2 !== "authorization"));
}

// packages/registry/src/token.ts
var MAX_TOKEN_BYTES = 128 * 1024;
async function fetchToken(wire, asked, redact2) {
  const realm = parseRealm(asked);
  const request4 = isIdentity(asked) ? refreshRequest(realm, asked) : basicRequest(realm, asked);
  const answer2 = await follow(wire, request4);
  if (answer2.status !== 200) throw refusal(answer2, request4, asked, redact2);
  const token = tokenOf(answer2);
  if (token !== void 0) return token;
  throw new RegistryError("PROTOCOL", `${request4.whom} answered 200 without a token that can be used`, { status: 200 });
}
function parseRealm({ realm, registry: registry2, credential: credential2 }) {
  const url = URL.canParse(realm) ? new URL(realm) : void 0;
  if (url === void 0 || url.protocol !== "https:" && url.protocol !== "http:") {
    throw new RegistryError(
      "PROTOCOL",
      `the registry ${registry2.host} sends clients to a token service whose address is no URL`,
      { status: 401 }
    );
  }
  if (registry2.protocol === "https:" && url.protocol === "http:") {
    throw new RegistryError(
      "UNAUTHORIZED",
      `the registry ${registry2.host} is reached by HTTPS, but wants ${ownerOf(credential2)} to log in at ${url.host} by plain HTTP; nothing was sent there. Configure an HTTPS realm in the registry`,
      { status: 401 }
    );
  }
  return url;
}
function isIdentity({ credential: credential2 }) {
  return credential2 !== void 0 && "identityToken" in credential2;
}
function basicRequest(realm, asked) {
  const url = new URL(realm);
  if (asked.service !== void 0) url.searchParams.set("service", asked.service);
  for (const scope of asked.scopes) url.searchParams.append("scope", scope);
  const { credential: credential2 } = asked;
  const isPassword = credential2 !== void 0 && "password" in credential2;
  return requestTo(url, asked, "GET", isPassword ? { authorization: `Basic ${basicOf(credential2)}` } : {});
}
function refreshRequest(realm, asked) {
  const { credential: credential2 } = asked;
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: "kaniko-hooks",
    refresh_token: credential2 !== void 0 && "identityToken" in credential2 ? credential2.identityToken : ""
  });
  if (asked.service !== void 0) form.set("service", asked.service);
  if (asked.scopes.length > 0) form.set("scope", asked.scopes.join(" "));
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { ...requestTo(realm, asked, "POST", headers), body: form.toString() };
}
function requestTo(url, { registry: registry2, signal }, method, headers) {
  return {
    whom: `the token service ${url.host} of the registry ${registry2.host}`,
    method,
    url,
    headers: { accept: "application/json", "user-agent": "kaniko-hooks", ...headers },
    maxBytes: MAX_TOKEN_BYTES,
    signal
  };
}
function tokenOf({ body }) {
  let parsed;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch {
    return void 0;
  }
  const { token, access_token: accessToken } = Object(parsed);
  return [token, accessToken].find((found) => typeof found === "string" && isToken(found));
}
function refusal(answer2, request4, asked, redact2) {
  const { status } = answer2;
  const words = wordsOf(answer2.body, redact2);
  const said = words === "" ? "" : ` (${words})`;
  return new RegistryError(
    codeOf(status),
    `${request4.whom} answered ${status} to ${ownerOf(asked.credential)}${said}${advice(answer2, request4, asked)}`,
    { status }
  );
}
function advice(answer2, request4, asked) {
  const { host } = asked.registry;
  if (answer2.url.origin !== request4.url.origin) {
    return `, after it had redirected to ${answer2.url.host}, which is not shown the credential`;
  }
  if (answer2.status === 401 || answer2.status === 403) {
    return asked.credential === void 0 ? `; no credential is configured for ${host}` : `; check the credential for ${host}, and whether it has expired`;
  }
  if (isIdentity(asked) && (answer2.status === 404 || answer2.status === 405)) {
    return "; it does not take identity tokens: use a user name and an access token";
  }
  return "";
}

// packages/registry/src/authorization.ts
var Authorization = class {
  #registry;
  #credential;
  #wire;
  /** HTTP Basic is the same for all scopes. */
  #basic;
  #bearers = /* @__PURE__ */ new Map();
  #secrets;
  constructor(registry2, credential2, wire) {
    if (credential2 !== void 0 && "registryToken" in credential2 && !isToken(credential2.registryToken)) {
      const why = "has blanks or control characters in it";
      throw new RegistryError("BAD_CREDENTIALS", `the registry token for ${registry2.host} ${why}`);
    }
    this.#registry = registry2;
    this.#credential = credential2;
    this.#wire = wire;
    this.#secrets = new Set(credential2 === void 0 ? [] : secretsOf(credential2));
  }
  /** Whose credential it is, in the words of an error. */
  get owner() {
    return ownerOf(this.#credential);
  }
  get isAnonymous() {
    return this.#credential === void 0;
  }
  /** Takes the credential, and every token that it was exchanged for, out of a text. */
  redact = (text3) => redactor(this.#secrets)(text3);
  /** The header that was accepted for this purpose before, if any. */
  remembered({ scope }) {
    return this.#basic ?? this.#bearers.get(scope);
  }
  /** Keeps a header that was accepted. */
  remember({ scope }, header) {
    if (header.startsWith("Basic ")) this.#basic = header;
    else this.#bearers.set(scope, header);
  }
  /** Drops what was remembered: it is not accepted any more. */
  forget({ scope }) {
    this.#basic = void 0;
    this.#bearers.delete(scope);
  }
  /**
   * Answers a 401 of the registry: `Bearer` before `Basic` when both are offered.
   *
   * @param wwwAuthenticate the header's value
   * @returns the header to ask again with
   * @throws RegistryError `UNAUTHORIZED` when nothing that the challenge offers can be used; else as `fetchToken`
   */
  async answer(wwwAuthenticate, purpose) {
    const credential2 = this.#credential;
    const challenges = parseChallenges(wwwAuthenticate ?? "");
    const offers = (scheme) => challenges.some((challenge) => challenge.scheme === scheme);
    if (credential2 !== void 0 && "registryToken" in credential2) {
      if (offers("bearer")) return `Bearer ${credential2.registryToken}`;
      throw this.#unusable(challenges.map((challenge) => challenge.scheme));
    }
    const bearer = challenges.find((challenge) => challenge.scheme === "bearer" && challenge.parameters.has("realm"));
    if (bearer !== void 0) {
      const token = await fetchToken(
        this.#wire,
        {
          registry: this.#registry,
          realm: bearer.parameters.get("realm") ?? "",
          service: bearer.parameters.get("service"),
          scopes: mergeScopes(purpose.scope, bearer.parameters.get("scope")),
          credential: credential2,
          signal: purpose.signal
        },
        this.redact
      );
      this.#secrets.add(token);
      return `Bearer ${token}`;
    }
    if (offers("basic") && credential2 !== void 0 && "password" in credential2) return `Basic ${basicOf(credential2)}`;
    throw this.#unusable(challenges.map((challenge) => challenge.scheme));
  }
  #unusable(schemes) {
    const { host } = this.#registry;
    const offered = [...new Set(schemes)].join(", ");
    const why = (() => {
      if (schemes.length === 0) return "does not say how (its WWW-Authenticate header is missing or malformed)";
      if (this.isAnonymous && schemes.includes("basic"))
        return "asks for a user name and a password, and none is configured";
      if (schemes.includes("basic")) return `asks for a user name and a password, and ${this.owner} is neither`;
      if (schemes.includes("bearer")) return "names no token service (its Bearer challenge has no realm)";
      return `offers only ${offered.slice(0, 200)}; Basic and Bearer are understood`;
    })();
    return new RegistryError("UNAUTHORIZED", `the registry ${host} answered 401 and ${why}`, { status: 401 });
  }
};

// packages/registry/src/trust.ts
var import_node_crypto3 = require("node:crypto");
var import_node_tls = require("node:tls");
var CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
function trustedAuthorities(ca) {
  const certificates = ca.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw bad2('it holds no "-----BEGIN CERTIFICATE-----" block');
  certificates.forEach((pem, index) => {
    try {
      new import_node_crypto3.X509Certificate(pem);
    } catch (cause) {
      throw bad2(`its certificate ${index + 1} of ${certificates.length} cannot be read`, cause);
    }
  });
  return [...import_node_tls.rootCertificates, ...certificates];
}
function secureContext(ca) {
  return (0, import_node_tls.createSecureContext)({ ca: trustedAuthorities(ca).join("\n") });
}
function bad2(why, cause) {
  return new RegistryError("BAD_CERTIFICATE", `the CA certificates for the registry cannot be used: ${why}`, { cause });
}

// packages/registry/src/requests.ts
var MANIFEST_TYPES = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json"
].join(", ");
var MAX_ERROR_BYTES = 16 * 1024;
var Requests = class {
  host;
  #address;
  #wire;
  #authorization;
  /**
   * @param host `host[:port]` as in an image reference
   * @throws RegistryError `INVALID_REFERENCE` for another text, `BAD_CREDENTIALS` for a token that no header can carry
   */
  constructor(host, options) {
    this.host = host;
    this.#address = addressOf(host, options.plainHttp ?? false);
    const { ca } = options;
    let trusted;
    this.#wire = {
      trust: () => ca === void 0 ? void 0 : trusted ??= secureContext(ca),
      connectTimeoutMs: options.connectTimeoutMs ?? 5e3,
      answerTimeoutMs: options.answerTimeoutMs ?? 2e4,
      retries: options.retries ?? 3,
      pauseMs: options.pauseMs ?? 250
    };
    this.#authorization = new Authorization(this.#address, options.credential, this.#wire);
  }
  /** Where a Location of the registry leads; undefined for none. */
  locate(location) {
    const isAddress = location !== void 0 && URL.canParse(location, this.#address.href);
    return isAddress ? new URL(location, this.#address) : void 0;
  }
  /** Whether an address is the registry's own, and not that of somebody whom nothing is shown. */
  isOwn({ origin }) {
    return origin === this.#address.origin;
  }
  /** Asks, and answers a challenge once. The answer is the last one, whatever its status. */
  async send(asked, purpose) {
    const authorization = this.#authorization;
    const { method, path: path8 } = asked;
    const ask = (header2) => this.#ask(asked, purpose.signal, header2);
    const sent = authorization.remembered(purpose);
    const answer2 = await ask(sent);
    if (answer2.status !== 401) return answer2;
    if (answer2.url.origin !== this.#address.origin) throw this.#foreign(`${method} ${String(path8)}`, answer2);
    authorization.forget(purpose);
    const header = await authorization.answer(answer2.headers["www-authenticate"], purpose);
    if (header === sent) return answer2;
    const second = await ask(header);
    if (second.status === 401 && second.url.origin !== this.#address.origin) {
      throw this.#foreign(`${method} ${String(path8)}`, second);
    }
    if (second.status !== 401) authorization.remember(purpose, header);
    return second;
  }
  /** Asks with what was accepted before, and answers no challenge. Elsewhere than at the registry nothing is shown. */
  sendAsIs(asked, purpose) {
    const isShown = this.isOwn(new URL(asked.path, this.#address));
    return this.#ask(asked, purpose.signal, isShown ? this.#authorization.remembered(purpose) : void 0);
  }
  #ask({ path: path8, headers, ...asked }, signal, authorization) {
    return follow(this.#wire, {
      whom: `the registry ${this.#address.host}`,
      ...asked,
      url: new URL(path8, this.#address),
      headers: {
        accept: MANIFEST_TYPES,
        "user-agent": "kaniko-hooks",
        ...headers,
        ...authorization === void 0 ? {} : { authorization }
      },
      signal
    });
  }
  #foreign(what, answer2) {
    return new RegistryError(
      "UNAUTHORIZED",
      `${what}: ${this.host} redirects to ${answer2.url.host}, which answered 401; the credential for ${this.host} is not shown there`,
      { status: 401 }
    );
  }
  /** The error that an answer is. */
  problem(what, answer2, code3 = codeOf(answer2.status)) {
    const { redact: redact2 } = this.#authorization;
    const said = wordsOf(answer2.body, redact2);
    return new RegistryError(
      code3,
      `${what}: ${this.host} answered ${answer2.status}${said === "" ? "" : ` ${said}`}${this.#hint(answer2.status)}`,
      { status: answer2.status, problems: decodeProblems(answer2.body, redact2) }
    );
  }
  #hint(status) {
    const { isAnonymous, owner } = this.#authorization;
    if (status === 401 || status === 403) {
      if (isAnonymous) return ` (no credential is configured for ${this.host})`;
      return status === 401 ? ` (to ${owner}, which is not let in or may not do this)` : ` (to ${owner})`;
    }
    return status >= 300 && status < 400 ? " (not followed)" : "";
  }
};
function addressOf(host, plainHttp) {
  const address = `${plainHttp ? "http" : "https"}://${host === "docker.io" ? "registry-1.docker.io" : host}`;
  if (!/[/@?#\\\s]/.test(host) && URL.canParse(address)) return new URL(address);
  throw new RegistryError("INVALID_REFERENCE", `"${host.slice(0, 300)}" is not the host[:port] of a registry`);
}

// packages/registry/src/client.ts
var MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
var DELETE_ACTIONS = ["pull", "push", "delete"];
var RegistryClient = class {
  host;
  #requests;
  /**
   * @param host `host[:port]` as in an image reference
   * @throws RegistryError `INVALID_REFERENCE` for another text, `BAD_CREDENTIALS` for a token that no header can carry
   */
  constructor(host, options = {}) {
    this.host = host;
    this.#requests = new Requests(host, options);
  }
  /**
   * Asks whether the registry takes pushes to a repository from us, before anything is built for it: it begins an upload
   * and cancels it. Nothing stays but, in a registry that does not cancel, an upload that expires.
   *
   * @throws RegistryError `UNAUTHORIZED`, `DENIED`, `NOT_FOUND` (some registries make no repositories), … when it does not
   */
  async checkPush(repository, signal) {
    const purpose = { scope: repositoryScope(repository, ["pull", "push"]), signal };
    const answer2 = await this.#requests.send(
      { method: "POST", path: `/v2/${repository}/blobs/uploads/`, maxBytes: MAX_ERROR_BYTES },
      purpose
    );
    if (answer2.status < 200 || answer2.status > 299) throw this.#requests.problem(`push to ${repository}`, answer2);
    await this.#cancelUpload(answer2, purpose);
  }
  /**
   * Looks a manifest up by tag or digest, without its content.
   *
   * @returns undefined when the registry has none, which only a 404 says
   * @throws RegistryError `UNAUTHORIZED`, `DENIED`, `RATE_LIMITED`, … when it is not known whether it has one
   */
  async headManifest(repository, reference, signal) {
    const what = `HEAD ${repository} ${reference}`;
    const answer2 = await this.#requests.send(
      { method: "HEAD", path: manifestPath(repository, reference), maxBytes: 0 },
      reading(repository, signal)
    );
    if (answer2.status === 404) return void 0;
    if (answer2.status !== 200) throw this.#requests.problem(what, answer2);
    const digest2 = answer2.headers["docker-content-digest"];
    if (typeof digest2 !== "string" || !isDigest(digest2)) return this.getManifest(repository, reference, signal);
    if (isDigest(reference) && digest2 !== reference) {
      throw new RegistryError("PROTOCOL", `${what}: ${this.host} answered with the digest ${digest2}`);
    }
    return { digest: digest2, mediaType: mediaType(answer2.headers), size: Number(answer2.headers["content-length"] ?? 0) };
  }
  /**
   * Fetches a manifest by tag or digest and checks it against its digest.
   *
   * @returns undefined when the registry has none
   */
  async getManifest(repository, reference, signal) {
    const what = `GET ${repository} ${reference}`;
    const answer2 = await this.#requests.send(
      { method: "GET", path: manifestPath(repository, reference), maxBytes: MAX_MANIFEST_BYTES },
      reading(repository, signal)
    );
    if (answer2.status === 404) return void 0;
    if (answer2.status !== 200) throw this.#requests.problem(what, answer2);
    if (answer2.cut)
      throw new RegistryError("PROTOCOL", `${what}: the manifest is larger than ${MAX_MANIFEST_BYTES} bytes`);
    const digest2 = `sha256:${(0, import_node_crypto4.createHash)("sha256").update(answer2.body).digest("hex")}`;
    const expected = reference.startsWith("sha256:") ? reference : answer2.headers["docker-content-digest"];
    if (typeof expected === "string" && expected.startsWith("sha256:") && expected !== digest2) {
      throw new RegistryError("PROTOCOL", `${what}: ${this.host} sent content with the digest ${digest2}`);
    }
    return { digest: digest2, mediaType: mediaType(answer2.headers), size: answer2.body.length, content: answer2.body };
  }
  /**
   * Fetches a blob and checks it against its digest.
   *
   * @param digest of the algorithm sha256
   * @returns undefined when the registry has none
   * @throws RegistryError `PROTOCOL` for one that is larger, or another
   */
  async getBlob(repository, digest2, maxBytes, signal) {
    const what = `GET ${repository} ${digest2}`;
    const answer2 = await this.#requests.send(
      { method: "GET", path: `/v2/${repository}/blobs/${digest2}`, maxBytes },
      reading(repository, signal)
    );
    if (answer2.status === 404) return void 0;
    if (answer2.status !== 200) throw this.#requests.problem(what, answer2);
    if (answer2.cut) throw new RegistryError("PROTOCOL", `${what}: the blob is larger than ${maxBytes} bytes`);
    const found = `sha256:${(0, import_node_crypto4.createHash)("sha256").update(answer2.body).digest("hex")}`;
    if (found === digest2) return answer2.body;
    throw new RegistryError("PROTOCOL", `${what}: ${this.host} sent content with the digest ${found}`);
  }
  /**
   * Deletes a tag, or with a digest the manifest and every tag of it in that repository.
   *
   * @throws RegistryError `UNSUPPORTED` (400, 405, or a 404 that is not about the image), `DENIED` (403), …
   */
  async deleteManifest(repository, reference, signal) {
    const purpose = { scope: repositoryScope(repository, DELETE_ACTIONS), signal };
    const answer2 = await this.#requests.send(
      { method: "DELETE", path: manifestPath(repository, reference), maxBytes: MAX_ERROR_BYTES },
      purpose
    );
    if (answer2.status >= 200 && answer2.status < 300) return "deleted";
    const unknownRoute = answer2.status === 404 && isUnknownRoute(answer2);
    if (answer2.status === 404 && !unknownRoute) return "absent";
    throw this.#requests.problem(`DELETE ${repository} ${reference}`, answer2, unknownRoute ? "UNSUPPORTED" : void 0);
  }
  async #cancelUpload({ headers: { location = "" } }, purpose) {
    const url = this.#requests.locate(location);
    if (url === void 0 || !this.#requests.isOwn(url)) return;
    try {
      await this.#requests.sendAsIs({ method: "DELETE", path: url, maxBytes: MAX_ERROR_BYTES }, purpose);
    } catch (error2) {
      if (!(error2 instanceof RegistryError) || error2.code === "ABORTED") throw error2;
    }
  }
};
function reading(repository, signal) {
  return { scope: repositoryScope(repository, ["pull"]), signal };
}
function isUnknownRoute({ body }) {
  return body.length > 0 && decodeProblems(body, (text3) => text3).length === 0;
}
function manifestPath(repository, reference) {
  return `/v2/${repository}/manifests/${reference}`;
}
function mediaType(headers) {
  return (headers["content-type"] ?? "").split(";", 1)[0]?.trim() ?? "";
}

// packages/registry/src/image-facts.ts
function imageFacts({ content }) {
  const { config, layers } = read3(content);
  if (typeof config?.digest !== "string" || !isDigest(config.digest)) return {};
  if (!Array.isArray(layers)) return { imageId: config.digest };
  const sizes = layers.map((layer) => Number(layer?.size));
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return { imageId: config.digest, ...sizes.every((bytes) => bytes >= 0) && Number.isSafeInteger(size) && { size } };
}
function read3(content) {
  try {
    return JSON.parse(content.toString()) ?? {};
  } catch {
    return {};
  }
}

// packages/registry/src/image-config.ts
var MAX_CONFIG_BYTES = 1024 * 1024;

// packages/builder/src/destinations/destination.ts
function tokenMinutes({ tokenSeconds }) {
  return Math.ceil(tokenSeconds / 60);
}

// packages/builder/src/destinations/refusal.ts
var REFUSED = /UNAUTHORIZED|DENIED|answered 40[13]\b|status code 40[13]\b/i;
var BY_PROXY = /(?:^|; )\w+ "[^"]+": (?:Forbidden|Proxy Authentication Required|Bad Gateway|Service Unavailable|Gateway Timeout)(?:;|$)/;
var FOR_PROXY = /status code 407\b|: Proxy Authentication Required(?:;|$)/;
function withOrigin(why, credential2) {
  if (BY_PROXY.test(why) || FOR_PROXY.test(why)) return byProxy(why, credential2);
  return credential2 !== void 0 && REFUSED.test(why) ? `${why}; its credential is from ${credential2.origin}` : why;
}
function byProxy(why, credential2) {
  if (credential2?.isForProxy !== true) return `the proxy said: ${why}; see the setting proxy`;
  const origin = `; its credential is from ${credential2.origin}`;
  if (FOR_PROXY.test(why)) return `the proxy does not take the credential: ${why}${origin}`;
  return `the proxy said: ${why}${/: Forbidden(?:;|$)/.test(why) ? origin : ""}`;
}
function credentialOf(access2) {
  if (access2 === void 0) return void 0;
  return { origin: originOf(access2), isForProxy: access2.kind === "connector" && "forward" in access2.proxy };
}
function originOf(access2) {
  if (access2.kind === "docker-config") return `the Secret ${access2.secret}`;
  const { serviceAccount, namespace, name: name2 } = access2.volume;
  const account = `service account ${serviceAccount}, which needs get on the connector ${namespace}/${name2}; a token for the push is good for ${tokenMinutes(access2.volume)} minutes from the start of the build pod`;
  return "forward" in access2.proxy ? `${account}; the connector gives the registry's password for ${access2.proxy.forward}` : account;
}

// packages/builder/src/dockerfile/pattern.ts
var ANY = /* @__PURE__ */ Symbol("?");
var MANY = /* @__PURE__ */ Symbol("*");
var MAX_WORK = 2e4;
function readPattern(text3) {
  const parts = [];
  const characters = [...text3];
  for (let at2 = 0; at2 < characters.length; at2++) {
    const character = characters[at2] ?? "";
    if (character !== "\\") parts.push(character === "*" ? MANY : character === "?" ? ANY : character);
    else {
      const escaped3 = characters[++at2];
      if (escaped3 === void 0 || !"}/*?\\".includes(escaped3)) return void 0;
      parts.push(escaped3);
    }
  }
  return parts;
}
function trimMatch(value, pattern, side, isLongest) {
  const characters = [...value];
  if (side === "%") characters.reverse();
  const ends = findEnds(characters, side === "%" ? pattern.toReversed() : pattern, isLongest);
  if (ends === void 0) return void 0;
  const rest2 = characters.slice(ends[0] ?? 0);
  return (side === "%" ? rest2.reverse() : rest2).join("");
}
function replaceMatches(value, pattern, other, isEach) {
  const characters = [...value];
  const ends = findEnds(characters, pattern, true);
  if (ends === void 0) return void 0;
  let result = "";
  let last = -1;
  for (let at2 = 0; at2 <= characters.length; ) {
    const end = last >= 0 && !isEach ? void 0 : ends[at2];
    if (end === void 0 || end === at2 && at2 === last) {
      result += characters[at2++] ?? "";
      continue;
    }
    result += isEach ? expandGroups(other, characters.slice(at2, end).join("")) : other;
    last = end;
    if (end === at2) result += characters[at2++] ?? "";
    else at2 = end;
  }
  return result;
}
function findEnds(characters, pattern, isLongest) {
  if ((characters.length + 1) * pattern.length > MAX_WORK) return void 0;
  const choose = (one, other) => one === void 0 || other === void 0 ? one ?? other : isLongest ? Math.max(one, other) : Math.min(one, other);
  let ends = [...characters.keys(), characters.length];
  for (const part of pattern.toReversed()) {
    const before = [];
    for (let at2 = characters.length; at2 >= 0; at2--) {
      const character = characters[at2];
      const fits = part === character || typeof part === "symbol" && character !== void 0 && character !== "\n";
      if (part === MANY) before[at2] = choose(ends[at2], fits ? before[at2 + 1] : void 0);
      else before[at2] = fits ? ends[at2 + 1] : void 0;
    }
    ends = before;
  }
  return ends;
}
function expandGroups(text3, found) {
  return text3.replace(/\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu, (match, bare, braced) => {
    if (match === "$$") return "$";
    return (bare ?? braced) === "0" ? found : "";
  });
}

// packages/builder/src/dockerfile/shell.ts
var BLANKS2 = "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
var BLANK = new RegExp(`^[${BLANKS2}]$`);
var LEADING_BLANKS = new RegExp(`^[${BLANKS2}]+`);
function isBlank(character) {
  return BLANK.test(character);
}
function trimStart(text3) {
  return text3.replace(LEADING_BLANKS, "");
}
function trim(text3) {
  let end = text3.length;
  while (end > 0 && isBlank(text3.charAt(end - 1))) end--;
  return trimStart(text3.slice(0, end));
}
function splitList(text3) {
  return text3 === "" ? [] : text3.split(/[\t\v\f\r ]+/);
}
function splitQuoted(text3, escape) {
  const words = [];
  let word = "";
  let isBegun = false;
  let quote2 = "";
  const characters = [...text3];
  for (let at2 = 0; at2 < characters.length; at2++) {
    const character = characters[at2] ?? "";
    if (quote2 === "" && isBlank(character)) {
      if (isBegun) words.push(word);
      word = "";
      isBegun = false;
      continue;
    }
    if (character === escape && quote2 !== "'") {
      if (at2 + 1 === characters.length) break;
      word += character + (characters[++at2] ?? "");
      isBegun = true;
      continue;
    }
    if (quote2 === character) quote2 = "";
    else if (quote2 === "" && (character === "'" || character === '"')) quote2 = character;
    word += character;
    isBegun = true;
  }
  return isBegun ? [...words, word] : words;
}
function fillIn(text3, filling, cuts = false) {
  try {
    return new Lexer(text3, filling, cuts).all();
  } catch (error2) {
    if (error2 instanceof Refusal) return void 0;
    throw error2;
  }
}
var Refusal = class extends Error {
};
var MAX_DEPTH = 500;
var MAX_LENGTH = 1 << 13;
var Lexer = class {
  #characters;
  #filling;
  #cuts;
  #at = 0;
  #keepsEscapes;
  #depth = 0;
  #isKnown = true;
  /** One for all depths: BuildKit loses what stands before a nested word. */
  #word = "";
  constructor(text3, filling, cuts) {
    this.#cuts = cuts;
    this.#characters = [...text3.replace(/^\uFEFF/, "")];
    this.#filling = filling;
    this.#keepsEscapes = filling.keepsEscapes ?? false;
  }
  all() {
    return { ...this.#until(void 0), isKnown: this.#isKnown };
  }
  /** Up to a character, which is read too; `undefined` is the end. */
  #until(stop) {
    if (++this.#depth > MAX_DEPTH) throw new Refusal();
    let text3 = "";
    const words = [];
    let isInWord = false;
    this.#word = "";
    const add = (piece) => {
      if (!this.#cuts) return;
      this.#word += piece;
      isInWord = true;
    };
    const addCutting = (piece) => {
      if (!this.#cuts) return;
      for (const character of piece) {
        if (!isBlank(character)) add(character);
        else if (isInWord && this.#word !== "") {
          words.push(this.#word);
          this.#word = "";
          isInWord = false;
        }
      }
    };
    const end = () => {
      this.#limit(text3);
      if (this.#word !== "") words.push(this.#word);
      this.#word = "";
      this.#depth--;
      return { text: text3, words };
    };
    for (let next = this.#peek(); next !== void 0; next = this.#peek()) {
      this.#limit(text3);
      if (next === stop) {
        this.#at++;
        return end();
      }
      const piece = this.#special(next);
      if (piece !== void 0) {
        text3 += piece;
        if (next === "$") addCutting(piece);
        else add(piece);
        continue;
      }
      this.#at++;
      if (next !== this.#filling.escape) {
        addCutting(next);
        text3 += next;
        continue;
      }
      if (this.#keepsEscapes) {
        add(next);
        text3 += next;
      }
      const escaped3 = this.#next();
      if (escaped3 === void 0) break;
      add(escaped3);
      text3 += escaped3;
    }
    if (stop !== void 0) throw new Refusal();
    return end();
  }
  #limit(text3) {
    if (!this.#cuts && text3.length > MAX_LENGTH) throw new Refusal();
  }
  /** What begins with a character of its own meaning. */
  #special(character) {
    if (character === "$") return this.#dollar();
    if (character === "<") return this.#angle();
    if (this.#filling.ignoresQuotes === true) return void 0;
    if (character === "'") return this.#single();
    return character === '"' ? this.#double() : void 0;
  }
  #single() {
    const quote2 = this.#quote();
    let text3 = quote2;
    for (; ; ) {
      const character = this.#next();
      if (character === void 0) throw new Refusal();
      if (character === "'") return text3 + quote2;
      text3 += character;
    }
  }
  #double() {
    const quote2 = this.#quote();
    let text3 = quote2;
    for (; ; ) {
      this.#limit(text3);
      const character = this.#peek();
      if (character === void 0) throw new Refusal();
      if (character === "$") {
        text3 += this.#dollar();
        continue;
      }
      this.#at++;
      if (character === '"') return text3 + quote2;
      if (character !== this.#filling.escape) {
        text3 += character;
        continue;
      }
      if (this.#keepsEscapes) text3 += character;
      const escaped3 = this.#peek();
      if (escaped3 === void 0) continue;
      if (escaped3 === '"' || escaped3 === "$" || escaped3 === this.#filling.escape) {
        text3 += escaped3;
        this.#at++;
      } else text3 += character;
    }
  }
  #quote() {
    const quote2 = this.#next() ?? "";
    return this.#filling.keepsQuotes === true ? quote2 : "";
  }
  #dollar() {
    this.#at++;
    const { keepsUnset = false } = this.#filling;
    if (this.#peek() !== "{") {
      const name3 = this.#name();
      return name3 === "" ? "$" : this.#valueOf(name3) ?? (keepsUnset ? `$${name3}` : "");
    }
    this.#at++;
    const first = this.#peek();
    if (first === void 0 || "{}:".includes(first)) throw new Refusal();
    const name2 = this.#name();
    let operator = this.#next();
    if (operator === "}") return this.#valueOf(name2) ?? (keepsUnset ? `\${${name2}}` : "");
    if (operator === "/") return this.#replaced(name2);
    const colon = operator === ":" ? ":" : "";
    if (colon !== "") operator = this.#next();
    if (operator === "#" || operator === "%") {
      if (colon !== "") throw new Refusal();
      return this.#trimmed(name2, operator);
    }
    if (operator === void 0 || colon === "" && !"+-?".includes(operator)) throw new Refusal();
    return this.#chosen(name2, colon + operator);
  }
  /** `-` a default, `+` a text in place of the value, `?` an error without one; with `:` an empty value is none. */
  #chosen(name2, operator) {
    const wasKnown = this.#isKnown;
    const word = this.#nested("}", false);
    const isWordKnown = this.#isKnown;
    this.#isKnown = wasKnown;
    const value = this.#valueOf(name2);
    if (value === void 0 && this.#filling.keepsUnset === true) return `\${${name2}${operator}${word}}`;
    const isSet = value !== void 0 && (operator.length === 1 || value !== "");
    const usesWord = operator.endsWith("-") ? !isSet : operator.endsWith("+") && isSet;
    if (usesWord) this.#isKnown &&= isWordKnown;
    if (operator.endsWith("-")) return isSet ? value : word;
    if (operator.endsWith("+")) return isSet ? word : "";
    if (operator.endsWith("?") && isSet) return value;
    throw new Refusal();
  }
  /** `#` and `##` cut off a beginning, `%` and `%%` an end; doubled, the longest that fits. */
  #trimmed(name2, operator) {
    const word = this.#nested("}", true);
    const value = this.#valueOf(name2);
    if (value === void 0 && this.#filling.keepsUnset === true) return `\${${name2}${operator}${word}}`;
    const isLongest = word.startsWith(operator);
    const pattern = readPattern(isLongest ? word.slice(1) : word);
    const trimmed = pattern === void 0 ? void 0 : trimMatch(value ?? "", pattern, operator, isLongest);
    if (trimmed === void 0) throw new Refusal();
    return trimmed;
  }
  /** `/` the first that fits, `//` each. */
  #replaced(name2) {
    const isEach = this.#peek() === "/";
    if (isEach) this.#at++;
    const word = this.#nested("/", true);
    const other = this.#nested("}", true);
    const value = this.#valueOf(name2);
    if (value === void 0 && this.#filling.keepsUnset === true) return `\${${name2}/${word}/${other}}`;
    const pattern = readPattern(word);
    const replaced2 = pattern === void 0 ? void 0 : replaceMatches(value ?? "", pattern, other, isEach);
    if (replaced2 === void 0) throw new Refusal();
    return replaced2;
  }
  #nested(stop, keepsEscapes) {
    const before = this.#keepsEscapes;
    this.#keepsEscapes = keepsEscapes;
    const { text: text3 } = this.#until(stop);
    this.#keepsEscapes = before;
    return text3;
  }
  #valueOf(name2) {
    const value = this.#filling.valueOf(name2);
    if (value === void 0) this.#isKnown = false;
    return value;
  }
  #name() {
    const first = this.#peek();
    if (first !== void 0 && /^[@*#?\-$!]$/.test(first)) {
      this.#at++;
      return first;
    }
    const allowed = first !== void 0 && new RegExp("^\\p{Nd}$", "u").test(first) ? new RegExp("^\\p{Nd}$", "u") : /^[\p{L}\p{Nd}_]$/u;
    let name2 = "";
    for (let next = this.#peek(); next !== void 0 && allowed.test(next); next = this.#peek()) {
      name2 += next;
      this.#at++;
    }
    return name2;
  }
  /** A here-document may have white space between `<<` and its name. */
  #angle() {
    this.#at++;
    if (this.#peek() !== "<") return "<";
    this.#at++;
    let text3 = "<<";
    for (let next = this.#peek(); next !== void 0 && /^[\t\r ]$/.test(next); next = this.#peek()) {
      text3 += next;
      this.#at++;
    }
    return text3;
  }
  #peek() {
    return this.#characters[this.#at];
  }
  #next() {
    const character = this.#characters[this.#at];
    if (character !== void 0) this.#at++;
    return character;
  }
};

// packages/builder/src/dockerfile/heredoc.ts
function contentOf({ body, chomp }) {
  return chomp ? body.replace(/(^|\n)\t+/g, "$1") : body;
}
var HEREDOC = /^\d*<<(-|(?!-))[\t\n\f\r ]*([^<\t\n\f\r ][^<]*)$/;
var AS_WRITTEN = { escape: "\\", valueOf: () => void 0, keepsUnset: true };
function findHeredocs(line) {
  return line.includes("<<") ? splitWords(line).flatMap((word) => readHeredoc(word) ?? []) : [];
}
function splitWords(line) {
  return fillIn(line, { ...AS_WRITTEN, keepsQuotes: true, keepsEscapes: true }, true)?.words ?? [];
}
function readHeredoc(text3) {
  const [, dash, written] = HEREDOC.exec(text3) ?? [];
  if (written === void 0) return void 0;
  const [name2, ...others] = fillIn(written, AS_WRITTEN, true)?.words ?? [];
  const [quoted2] = fillIn(written, { ...AS_WRITTEN, keepsQuotes: true }, true)?.words ?? [];
  if (name2 === void 0 || quoted2 === void 0 || others.length > 0) return void 0;
  return { name: name2, chomp: dash === "-", isQuoted: countQuotes(name2) !== countQuotes(quoted2) };
}
function countQuotes(text3) {
  return text3.match(/['"]/g)?.length ?? 0;
}

// packages/builder/src/dockerfile/parse.ts
var WITH_HEREDOCS = /* @__PURE__ */ new Set(["RUN", "COPY", "ADD"]);
var WITH_JSON = /* @__PURE__ */ new Set(["ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"]);
var DIRECTIVE = /^#[\t\n\f\r ]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=([^]+)$/;
var DIRECTIVES = /* @__PURE__ */ new Set(["syntax", "escape", "check"]);
var ESCAPES = {
  "\\": { continued: /(^|[^\\])\\[ \t]*$/ },
  "`": { continued: /(^|[^`])`[ \t]*$/ }
};
function parseDockerfile(text3) {
  const written = text3.replace(/^\uFEFF/, "").split("\n");
  if (written.at(-1) === "") written.pop();
  const lines = written.map(trimReturns);
  const escape = readEscape(lines);
  const { continued } = ESCAPES[escape];
  const instructions = [];
  for (let at2 = 0; at2 < lines.length; at2++) {
    const first = at2;
    let line = trimStart(lines[at2] ?? "");
    if (line === "" || line.startsWith("#")) continue;
    const pieces = [line.replace(continued, "$1")];
    while (continued.test(line) && at2 + 1 < lines.length) {
      const next = lines[++at2] ?? "";
      const start = trimStart(next);
      if (start === "" || start.startsWith("#")) continue;
      line = next;
      pieces.push(line.replace(continued, "$1"));
    }
    const logical = pieces.join("");
    const instruction = parseInstruction(logical, first + 1, escape);
    const heredocs = [];
    for (const word of heredocWordsOf(instruction, logical)) {
      const ends = (body2) => (word.chomp ? body2.replace(/^\t+/, "") : body2) === word.name;
      const start = at2 + 1;
      do
        at2++;
      while (at2 < lines.length && !ends(lines[at2] ?? ""));
      const body = written.slice(start, at2).map((each) => `${each}
`);
      heredocs.push({ ...word, body: body.join(""), isEnded: at2 < lines.length });
    }
    instructions.push(attachHeredocs(instruction, Math.min(at2 + 1, lines.length), heredocs));
  }
  return instructions;
}
function attachHeredocs(instruction, lastLine, heredocs) {
  const { trigger } = instruction;
  const own = { ...instruction, lastLine, heredocs };
  return trigger === void 0 ? own : { ...own, trigger: attachHeredocs(trigger, lastLine, heredocs) };
}
function heredocWordsOf(instruction, logical) {
  const { keyword, isExec } = instruction.trigger ?? instruction;
  return WITH_HEREDOCS.has(keyword) && !isExec ? findHeredocs(logical) : [];
}
function parseInstruction(logical, line, escape, isTrigger = false) {
  const text3 = trim(logical);
  const [, word = "", rest2 = ""] = /^([^\t\v\f\r ]*)[\t\v\f\r ]*([^]*)$/.exec(text3) ?? [];
  const keyword = inCapitals(word);
  const { flags, args } = splitFlags(rest2, escape);
  const isExec = WITH_JSON.has(keyword) && isStringArray(args);
  const own = { line, lastLine: line, keyword, flags, args, text: text3, isExec, heredocs: [], escape };
  const plain2 = isTrigger ? { ...own, isTrigger } : own;
  if (keyword !== "ONBUILD" || isTrigger || args === "") return plain2;
  return { ...plain2, trigger: parseInstruction(args, line, escape, true) };
}
function inCapitals(word) {
  return word.replace(
    /[a-z\u0130\u212a]/g,
    (letter) => ({ "\u0130": "I", "\u212A": "K" })[letter] ?? letter.toUpperCase()
  );
}
function beforeArguments({ text: text3, args }) {
  return text3.slice(0, text3.length - args.length);
}
function wordsOf2({ args, isExec }) {
  return isExec ? JSON.parse(args) : splitList(args);
}
function splitFlags(rest2, escape) {
  const bytes = Buffer.from(rest2).toString("latin1");
  const flags = [];
  for (let at2 = 0; ; ) {
    while (at2 < bytes.length && isBlank(bytes.charAt(at2))) at2++;
    const flag = bytes.startsWith("--", at2) ? readFlag(bytes, at2, escape) : void 0;
    if (flag === void 0) return { flags, args: argumentsFrom(bytes, at2) };
    at2 = flag.end;
    if (flag.text === "--") return { flags, args: argumentsFrom(bytes, at2) };
    flags.push(flag.text);
  }
}
function argumentsFrom(bytes, at2) {
  return trim(Buffer.from(bytes.slice(at2), "latin1").toString());
}
function readFlag(bytes, start, escape) {
  let text3 = "";
  let quote2 = "";
  let at2 = start;
  for (; at2 < bytes.length; at2++) {
    const character = bytes.charAt(at2);
    if (character === quote2) quote2 = "";
    else if (quote2 === "" && isBlank(character)) break;
    else if (quote2 === "" && (character === "'" || character === '"')) quote2 = character;
    else if (character === escape) text3 += bytes.charAt(++at2);
    else text3 += character;
  }
  return { text: text3, end: Math.min(at2, bytes.length) };
}
function readEscape(lines) {
  for (const line of lines) {
    const [, name2 = "", value = ""] = DIRECTIVE.exec(trimStart(line)) ?? [];
    if (!DIRECTIVES.has(name2.toLowerCase())) return "\\";
    if (name2.toLowerCase() === "escape") return trim(value) === "`" ? "`" : "\\";
  }
  return "\\";
}
function trimReturns(line) {
  let end = line.length;
  while (line[end - 1] === "\r") end--;
  return line.slice(0, end);
}
function isStringArray(args) {
  if (!args.startsWith("[")) return false;
  try {
    const value = JSON.parse(args);
    return Array.isArray(value) && value.every((item) => typeof item === "string");
  } catch {
    return false;
  }
}

// packages/builder/src/dockerfile/expand.ts
function expand(word, variables, escape = "\\") {
  return fillIn(word, { escape, valueOf: (name2) => variables.get(name2) })?.text ?? word;
}
function resolve(word, variables, escape = "\\") {
  const filled = fillIn(word, { escape, valueOf: (name2) => variables.get(name2) });
  return filled?.isKnown === true ? filled.text : void 0;
}
function expandDocument(text3, variables) {
  const filled = fillIn(text3, { escape: "\\", valueOf: (name2) => variables.get(name2), ignoresQuotes: true });
  return filled?.isKnown === true ? filled.text : void 0;
}

// packages/builder/src/dockerfile/changed-variables.ts
var MAX_LAYERS = 64;
var ChangedVariables = class _ChangedVariables {
  #unchanged;
  #changes = /* @__PURE__ */ new Map();
  /** The last one first. */
  #layers;
  constructor(before) {
    const isChanged = before instanceof _ChangedVariables;
    this.#unchanged = isChanged ? before.#unchanged : before;
    const layers = isChanged ? before.#layers : [];
    this.#layers = [this.#changes, ...layers.length < MAX_LAYERS ? layers : [merge2(layers)]];
  }
  get(name2) {
    const layer = this.#layers.find((changes) => changes.has(name2));
    return (layer ?? this.#unchanged).get(name2);
  }
  has(name2) {
    return this.get(name2) !== void 0;
  }
  *[Symbol.iterator]() {
    for (const [name2, value] of merge2([...this.#layers, new Map(this.#unchanged)])) {
      if (value !== void 0) yield [name2, value];
    }
  }
  /** @param value undefined when it is no longer known */
  set(name2, value) {
    this.#changes.set(name2, value);
  }
};
function merge2(layers) {
  return new Map(layers.toReversed().flatMap((changes) => [...changes]));
}

// packages/builder/src/dockerfile/variables.ts
function readArguments(instruction, given, variables) {
  for (const { name: name2, value } of argumentsOf(instruction)) {
    if (value === void 0 || given.has(name2)) continue;
    variables.set(name2, expand(value, variables, instruction.escape));
  }
}
function argumentsOf({
  args,
  escape
}) {
  return splitQuoted(args, escape).map((word) => {
    const [name2, value] = splitPair(word);
    return { name: name2, value };
  });
}
function splitPair(word) {
  const at2 = word.indexOf("=");
  return at2 < 0 ? [word] : [word.slice(0, at2), word.slice(at2 + 1)];
}
function variablesAfter(instruction, before, given, globals) {
  const { keyword, escape } = instruction;
  if (keyword !== "ARG" && keyword !== "ENV") return before;
  const after = new ChangedVariables(before);
  if (keyword === "ARG") {
    for (const { name: name2, value } of argumentsOf(instruction)) {
      const known = given.get(name2) ?? (value === void 0 ? filledIn(globals.get(name2)) : resolve(value, after, escape));
      after.set(name2, known);
    }
  }
  if (keyword === "ENV") {
    for (const [name2, value] of pairsOf(instruction)) {
      const key2 = resolve(name2, before, escape);
      if (key2 === void 0) return /* @__PURE__ */ new Map();
      const known = resolve(value, before, escape);
      after.set(key2, known);
    }
  }
  return after;
}
function filledIn(value) {
  return value?.includes("$") === true ? void 0 : value;
}
function pairsOf({ args, escape }) {
  const words = splitQuoted(args, escape);
  if (words[0]?.includes("=") === false) {
    const [, name2 = "", value = ""] = /^([^\t\v\f\r ]*)[\t\v\f\r ]*([^]*)$/.exec(args) ?? [];
    return [[name2, value]];
  }
  return words.map((word) => {
    const [name2, value = ""] = splitPair(word);
    return [name2, value];
  });
}

// packages/builder/src/dockerfile/base-images.ts
function baseImages(dockerfileText, buildArgs = {}) {
  const given = new Map(Object.entries(buildArgs).filter(([, value]) => value !== ""));
  const variables = new Map(given);
  const stages = /* @__PURE__ */ new Set();
  const found = [];
  let stageCount = 0;
  for (const instruction of parseDockerfile(dockerfileText)) {
    if (instruction.keyword === "ARG" && stageCount === 0) readArguments(instruction, given, variables);
    if (instruction.keyword === "FROM") {
      const [from = "", as2, name2] = splitList(instruction.args);
      const reference = expand(from, variables, instruction.escape);
      const stage = as2?.toLowerCase() === "as" ? name2 : void 0;
      if (!stages.has(reference.toLowerCase()) && reference !== "scratch") {
        found.push({ reference, line: instruction.line, ...stage === void 0 ? {} : { stage } });
      }
      stageCount++;
      if (stage !== void 0) stages.add(stage.toLowerCase());
    }
    if (instruction.keyword === "COPY") {
      const from = instruction.flags.find((flag) => flag.startsWith("--from="))?.slice("--from=".length);
      if (from !== void 0 && !stages.has(from.toLowerCase()) && !/^\d+$/.test(from)) {
        found.push({ reference: expand(from, variables, instruction.escape), line: instruction.line });
      }
    }
  }
  return found;
}

// packages/builder/src/dockerfile/registry-proxy.ts
function registryOf(reference) {
  const spelled = spelledRegistry(reference);
  return spelled === void 0 ? void 0 : registryName(spelled);
}
function spelledRegistry(reference) {
  try {
    return parseReference(reference).domain;
  } catch (error2) {
    if (!(error2 instanceof RegistryError)) throw error2;
    return void 0;
  }
}
function registryName(host) {
  const name2 = host.toLowerCase().replace(/:443$/, "");
  return ["index.docker.io", "registry-1.docker.io"].includes(name2) ? "docker.io" : name2;
}

// packages/builder/src/engines/engine.ts
var LostBuild = class extends Error {
  name = "LostBuild";
};

// packages/kube/src/config.ts
var import_promises4 = require("node:fs/promises");
var import_node_net = require("node:net");
var import_node_path5 = require("node:path");

// packages/kube/src/errors.ts
var FAULTS3 = {
  NO_CREDENTIALS: "configuration",
  UNREACHABLE: "cluster",
  FORBIDDEN: "configuration",
  NOT_FOUND: "cluster",
  CONFLICT: "cluster",
  INVALID: "configuration",
  ADMISSION: "configuration",
  QUOTA: "cluster",
  API: "cluster",
  STREAM_LOST: "cluster",
  EXEC_FAILED: "cluster",
  POD_FAILED: "cluster",
  TIMEOUT: "cluster",
  ABORTED: "user"
};
var KubeError = class extends Error {
  name = "KubeError";
  code;
  fault;
  status;
  reason;
  problem;
  retryAfterMs;
  constructor(code3, message, details = {}) {
    super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
    this.code = code3;
    this.fault = details.fault ?? details.problem?.fault ?? FAULTS3[code3];
    const reason = details.reason ?? details.problem?.reason;
    if (details.status !== void 0) this.status = details.status;
    if (reason !== void 0) this.reason = reason;
    if (details.problem !== void 0) this.problem = details.problem;
    if (details.retryAfterMs !== void 0) this.retryAfterMs = details.retryAfterMs;
  }
};
function isKubeError(error2, ...codes) {
  return error2 instanceof KubeError && (codes.length === 0 || codes.includes(error2.code));
}

// packages/kube/src/config.ts
var SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";
async function inClusterConfig(environment) {
  const { host, port, serviceAccountDir: directory = SERVICE_ACCOUNT_DIR } = environment;
  if (host === void 0 || host === "") {
    throw new KubeError(
      "NO_CREDENTIALS",
      "This does not run in a Kubernetes pod: KUBERNETES_SERVICE_HOST is not set. Run it in a pod, or set KUBECONFIG."
    );
  }
  const token = () => readMounted(directory, "token");
  const [, ca, namespace] = await Promise.all([
    token(),
    readMounted(directory, "ca.crt"),
    readMounted(directory, "namespace")
  ]);
  return { server: serverUrl(host, port), ca, namespace, token };
}
function serverUrl(host, port) {
  return new URL(`https://${(0, import_node_net.isIPv6)(host) ? `[${host}]` : host}:${port === void 0 || port === "" ? "443" : port}`);
}
async function readMounted(directory, file) {
  const path8 = (0, import_node_path5.join)(directory, file);
  try {
    const text3 = (await (0, import_promises4.readFile)(path8, "utf8")).trim();
    if (text3 !== "") return text3;
  } catch (cause) {
    throw notMounted(path8, cause);
  }
  throw notMounted(path8);
}
function notMounted(path8, cause) {
  return new KubeError(
    "NO_CREDENTIALS",
    `The service account token is not mounted: ${path8} cannot be read. Give the runner pod a service account (serviceAccountName) and do not set automountServiceAccountToken: false on the pod or on the service account.`,
    { cause }
  );
}

// packages/kube/src/pod-status.ts
function containerStatuses(pod) {
  return [...pod.status?.initContainerStatuses ?? [], ...pod.status?.containerStatuses ?? []];
}
function containerStatus(pod, container) {
  return containerStatuses(pod).find((status) => status.name === container);
}
function containerSpec(pod, container) {
  return [...pod.spec?.initContainers ?? [], ...pod.spec?.containers ?? []].find(({ name: name2 }) => name2 === container);
}
function isInitContainer(pod, container) {
  return pod.spec?.initContainers?.some(({ name: name2 }) => name2 === container) ?? false;
}
function condition(pod, type2, status) {
  return pod.status?.conditions?.find((candidate) => candidate.type === type2 && candidate.status === status);
}
function isFinished(pod) {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
function podLabel(pod) {
  return `pod "${pod.metadata?.name ?? "?"}"`;
}
function hasBegun(status) {
  const { state, lastState, restartCount } = status;
  return state?.running !== void 0 || state?.terminated !== void 0 || lastState?.terminated !== void 0 || restartCount > 0;
}

// packages/kube/src/pod-problem.ts
function podProblem(pod) {
  return findEnd(pod) ?? inContainers(pod) ?? findDisruption(pod) ?? findUnscheduled(pod);
}
function findEnd(pod) {
  const reason = pod.status?.reason;
  if (pod.status?.phase !== "Failed" || reason === void 0 || reason === "") return void 0;
  const said = quote(pod.status.message);
  const label = capital(podLabel(pod));
  const begun = containerStatuses(pod).some(hasBegun) ? {} : { beforeStart: true };
  if (reason === "Evicted") {
    return {
      fatal: "now",
      reason,
      message: `${label} was evicted from its node.${said} Give it requests (memory, ephemeral-storage) that fit.`,
      fault: "cluster",
      ...begun
    };
  }
  if (reason === "DeadlineExceeded") {
    return {
      fatal: "now",
      reason,
      message: `${label} was ended at its deadline (activeDeadlineSeconds).${said}`,
      fault: "configuration"
    };
  }
  return {
    fatal: "now",
    reason,
    message: `${label} was rejected or ended by its node: ${reason}.${said}`,
    fault: "cluster",
    ...begun
  };
}
function inContainers(pod) {
  for (const status of containerStatuses(pod)) {
    const finding2 = waiting(pod, status) ?? findTermination(pod, status);
    if (finding2 !== void 0) return { ...finding2, container: status.name };
  }
  return void 0;
}
var THROTTLED = /QPS exceeded|toomanyrequests|429 Too Many Requests/i;
function pullFatality(message) {
  if (THROTTLED.test(message)) return "wait";
  return UNPARSABLE.test(message) ? "now" : "after-grace";
}
function waiting(pod, status) {
  const reason = status.state?.waiting?.reason;
  const message = status.state?.waiting?.message;
  if (reason === void 0) return void 0;
  const image = `image "${status.image}" for container "${status.name}" of ${podLabel(pod)}`;
  const container = `Container "${status.name}" of ${podLabel(pod)}`;
  const said = quote(message);
  switch (reason) {
    case "ErrImagePull":
    case "ImagePullBackOff":
    case "RegistryUnavailable":
    case "SignatureValidationFailed":
      return {
        fatal: pullFatality(message ?? ""),
        reason,
        message: `The ${image} cannot be pulled (${reason}).${said}${pullHint(message ?? "")}`,
        fault: pullFault(message ?? "")
      };
    case "InvalidImageName":
      return { fatal: "now", reason, message: `The name of the ${image} is not valid.${said}`, fault: "user" };
    case "ErrImageNeverPull":
      return {
        fatal: "now",
        reason,
        message: `The ${image} is not on the node, and imagePullPolicy is Never.${said}`,
        fault: "configuration"
      };
    case "CreateContainerConfigError":
    case "CreateContainerError":
    case "ImageInspectError":
      return { fatal: "after-grace", reason, message: `${container} cannot be created.${said}`, fault: "configuration" };
    case "RunContainerError":
    case "PostStartHookError":
      return { fatal: "now", reason, message: `${container} cannot be started.${said}`, fault: "user" };
    case "CrashLoopBackOff":
      return {
        fatal: "now",
        reason,
        message: `${container} ends again and again.${said}${lastExit(status)}`,
        fault: "user"
      };
    default:
      return void 0;
  }
}
function findTermination(pod, status) {
  const { reason, message, exitCode: exitCode2 } = status.state?.terminated ?? {};
  if (exitCode2 === void 0) return void 0;
  const container = `Container "${status.name}" of ${podLabel(pod)}`;
  if (reason === "StartError" || reason === "ContainerCannotRun") {
    return { fatal: "now", reason, message: `${container} cannot be started.${quote(message)}`, fault: "user" };
  }
  if (reason === "OOMKilled") {
    return { fatal: isFinished(pod) ? "now" : "wait", reason, message: outOfMemory(pod, status.name), fault: "user" };
  }
  if (reason === "ContainerStatusUnknown") {
    return {
      fatal: isFinished(pod) ? "now" : "wait",
      reason,
      message: `${container} vanished with its node or was lost by it.${quote(message)}`,
      fault: "cluster"
    };
  }
  const isInit = pod.status?.initContainerStatuses?.includes(status) === true && containerSpec(pod, status.name)?.restartPolicy !== "Always";
  if (isInit && exitCode2 !== 0 && pod.spec?.restartPolicy === "Never") {
    return {
      fatal: "now",
      reason: reason ?? "Error",
      message: `Init container "${status.name}" of ${podLabel(pod)} ended with exit code ${exitCode2}.${quote(message)}`,
      logTells: true,
      // A workflow has none.
      fault: "configuration"
    };
  }
  return void 0;
}
function findDisruption(pod) {
  const fatal = containerStatuses(pod).some(hasBegun) ? "wait" : "now";
  const target = condition(pod, "DisruptionTarget", "True");
  if (target !== void 0) {
    const reason = target.reason ?? "DisruptionTarget";
    return {
      fatal,
      reason,
      message: `${capital(podLabel(pod))} is being taken away from its node (${reason}).${quote(target.message)}`,
      fault: "cluster"
    };
  }
  if (pod.metadata?.deletionTimestamp === void 0) return void 0;
  return { fatal, reason: "Deleted", message: `${capital(podLabel(pod))} is being deleted.`, fault: "cluster" };
}
function findUnscheduled(pod) {
  const unmet = condition(pod, "PodScheduled", "False");
  if (unmet === void 0) return void 0;
  const reason = unmet.reason ?? "Unschedulable";
  return {
    fatal: "wait",
    reason,
    message: `No node takes ${podLabel(pod)} yet (${reason}).${quote(unmet.message)}`,
    fault: "cluster"
  };
}
function outOfMemory(pod, container) {
  const limit = containerSpec(pod, container)?.resources?.limits?.["memory"];
  const limitText = limit === void 0 ? "the node ran out of memory, it has no limit of its own" : `limit ${limit}`;
  return `Container "${container}" of ${podLabel(pod)} was ended because it used too much memory (OOMKilled, ${limitText}). Use less, or raise the memory limit.`;
}
function lastExit(status) {
  const last = status.lastState?.terminated;
  return last === void 0 ? "" : ` The last time with exit code ${last.exitCode} (${last.reason ?? "Error"}).`;
}
var CREDENTIALS = /unauthorized|denied|forbidden|401|403|no basic auth|authentication/i;
var UNPARSABLE = /invalid reference format|failed to parse image/i;
var NETWORK = /no such host|i\/o timeout|connection refused|connection reset|TLS|x509|HTTP response to HTTPS|deadline/i;
function pullHint(said) {
  if (CREDENTIALS.test(said)) {
    return " Check the name and the credentials (for ghcr.io with the job token: permissions packages: read).";
  }
  if (NETWORK.test(said)) return " The node cannot reach the registry, or does not trust it.";
  return " Check the name and the tag.";
}
function pullFault(said) {
  if (CREDENTIALS.test(said)) return "configuration";
  return NETWORK.test(said) ? "cluster" : "user";
}
function quote(said) {
  const text3 = said?.replace(/\s+/g, " ").trim() ?? "";
  if (text3 === "") return "";
  return /[.!?]$/.test(text3) ? ` ${text3}` : ` ${text3}.`;
}
function capital(text3) {
  return text3.charAt(0).toUpperCase() + text3.slice(1);
}

// packages/kube/src/container-result.ts
function containerResult(pod, container, { trapsTerm = true } = {}) {
  const terminated = containerStatus(pod, container)?.state?.terminated;
  if (terminated === void 0) {
    const said = disturbance(pod, container) ?? `phase ${pod.status?.phase ?? "unknown"}`;
    return {
      exitCode: 1,
      trustworthy: false,
      why: `Container "${container}" of ${podLabel(pod)} has no exit code (${said}).`
    };
  }
  const { exitCode: exitCode2, reason, message } = terminated;
  const why = whyNot(pod, container, { exitCode: exitCode2, reason, trapsTerm });
  return {
    exitCode: exitCode2,
    ...reason !== void 0 && { reason },
    ...message !== void 0 && { message },
    trustworthy: why === void 0,
    ...why !== void 0 && { why }
  };
}
function whyNot(pod, container, { exitCode: exitCode2, reason, trapsTerm }) {
  if (reason === "OOMKilled") return outOfMemory(pod, container);
  const disturbed = disturbance(pod, container);
  if (disturbed !== void 0) {
    return `Container "${container}" of ${podLabel(pod)} ended with exit code ${exitCode2}, but not by itself: ${disturbed}.`;
  }
  if (exitCode2 !== 0 || !trapsTerm || isInitContainer(pod, container)) return void 0;
  const phase = pod.status?.phase ?? "unknown";
  const othersRun = containerStatuses(pod).some(
    ({ name: name2, state }) => name2 !== container && state?.terminated === void 0
  );
  const othersFailed = containerStatuses(pod).some(
    ({ name: name2, state }) => name2 !== container && (state?.terminated?.exitCode ?? 0) !== 0
  );
  if (phase === "Succeeded" || othersRun || phase === "Failed" && othersFailed) return void 0;
  return `Container "${container}" ended with exit code 0, but the phase of ${podLabel(pod)} is ${phase}.`;
}
function disturbance(pod, container) {
  const reason = pod.status?.reason;
  const message = pod.status?.message;
  if (reason !== void 0 && reason !== "") {
    return `the pod was ended (${reason}${message === void 0 ? "" : `: ${message}`})`;
  }
  const target = condition(pod, "DisruptionTarget", "True");
  if (target !== void 0)
    return `the pod was taken away (${[target.reason, target.message].filter(Boolean).join(": ")})`;
  if (containerStatus(pod, container)?.state?.terminated?.reason === "ContainerStatusUnknown") {
    return "the node lost the container";
  }
  return pod.metadata?.deletionTimestamp === void 0 ? void 0 : "the pod was deleted";
}

// packages/kube/src/kube.ts
var import_node_crypto5 = require("node:crypto");
var import_promises7 = require("node:timers/promises");

// packages/kube/src/container-outlook.ts
var LAST_WORDS_MS = 6e4;
async function containerOutlook({ pod: name2, container, use }, readPod2) {
  let pod;
  try {
    pod = await readPod2();
  } catch (cause) {
    if (!isKubeError(cause, "NOT_FOUND")) return void 0;
    throw new KubeError("POD_FAILED", `Pod "${name2}" is gone: somebody deleted it, or its node was removed.`, {
      reason: "Deleted",
      cause
    });
  }
  if (isFinished(pod) || containerStatus(pod, container)?.state?.terminated !== void 0) {
    if (use === "log") return LAST_WORDS_MS;
    const { exitCode: exitCode2, why } = containerResult(pod, container);
    throw new KubeError(
      "POD_FAILED",
      why ?? `Container "${container}" of ${podLabel(pod)} has ended with exit code ${exitCode2}.`,
      { reason: "Ended" }
    );
  }
  return pod.metadata?.deletionTimestamp === void 0 ? void 0 : LAST_WORDS_MS;
}

// packages/kube/src/exec.ts
var import_node_stream = require("node:stream");
var import_promises6 = require("node:timers/promises");
var import_ws = __toESM(require_websocket(), 1);

// packages/kube/src/api-error.ts
function apiError({ what, status, body, retryAfter: retryAfter2, needs }) {
  const answer2 = parseStatus(body);
  const said = readable(answer2?.message ?? body);
  const denied = deniedRight(said, needs);
  const code3 = codeOf2(status, answer2, said, denied);
  const head = code3 === "API" ? "The Kubernetes API failed to" : "Kubernetes refused to";
  const label = [status, answer2?.reason].filter((part) => part !== void 0 && part !== "").join(" ");
  const retryAfterMs = parseRetryAfter(retryAfter2) ?? secondsToMs(answer2?.details?.retryAfterSeconds);
  return new KubeError(
    code3,
    [`${head} ${what} (${label}): ${sentence(said)}`, nextStep(code3, said, denied)].join(" ").trim(),
    {
      status,
      ...answer2?.reason !== void 0 && { reason: answer2.reason },
      ...retryAfterMs !== void 0 && { retryAfterMs }
    }
  );
}
function parseStatus(body) {
  try {
    const value = JSON.parse(body);
    if (typeof value === "object" && value !== null && "status" in value) return value;
  } catch {
  }
  return void 0;
}
function parseRetryAfter(header, now = Date.now()) {
  if (header === void 0 || header.trim() === "") return void 0;
  const seconds2 = Number(header);
  const ms2 = Number.isNaN(seconds2) ? Date.parse(header) - now : seconds2 * 1e3;
  return Number.isNaN(ms2) ? void 0 : Math.max(0, ms2);
}
var LONGEST_SAYING = 1e3;
function readable(said) {
  const line = said.replace(/(\bhttps?:\/\/[^\s"'?]+)\?[^\s"']*/g, "$1").replace(/\s+/g, " ").trim();
  return line.length > LONGEST_SAYING ? `${line.slice(0, LONGEST_SAYING)}\u2026` : line;
}
function codeOf2(status, answer2, said, denied) {
  if (status < 500 && /admission webhook .* denied the request|ValidatingAdmissionPolicy .* denied/.test(said)) {
    return "ADMISSION";
  }
  switch (status) {
    case 401:
      return "NO_CREDENTIALS";
    case 403:
      if (answer2 === void 0) return "API";
      if (denied !== void 0) return "FORBIDDEN";
      return said.includes("exceeded quota") ? "QUOTA" : "ADMISSION";
    case 404:
      return "NOT_FOUND";
    case 409:
      return "CONFLICT";
    case 400:
    case 413:
    case 422:
      return "INVALID";
    default:
      return "API";
  }
}
function deniedRight(said, needs) {
  if (/ is forbidden:?\s*$/.test(said)) return needs;
  const match = /User "[^"]*" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"/.exec(said);
  const [, verb, resource, group2] = match ?? [];
  if (verb === void 0 || resource === void 0 || group2 === void 0) return void 0;
  return { verb, resource, group: group2 };
}
function nextStep(code3, said, denied) {
  if (code3 === "FORBIDDEN") return grant(denied);
  if (code3 === "NO_CREDENTIALS") {
    return "The token or certificate is not accepted: it has expired, or its service account was deleted.";
  }
  if (code3 === "QUOTA") return "Wait until other pods have ended, or raise the ResourceQuota of the namespace.";
  if (code3 === "ADMISSION") {
    if (said.includes("error looking up service account")) {
      return "Create it, or name another one in the hook template.";
    }
    if (said.includes("failed quota")) {
      return "Set what it asks for in the hook template, for each container, or give the namespace a LimitRange with defaults.";
    }
    return said.includes("PodSecurity") ? "Change the pod (hook template) or the pod-security label of the namespace." : "A rule of the cluster (admission) refused it: change the object (hook template) or the rule.";
  }
  return "";
}
function grant(right) {
  if (right === void 0) return "";
  const { verb, resource, group: group2 } = right;
  return `The runner's role lacks the verb ${verb} on ${resource}. Add this rule to the Role of its service account (Helm chart gha-runner-scale-set: containerMode.kubernetesModeAdditionalRoleRules, or your own Role with template.spec.serviceAccountName): - {apiGroups: ["${group2}"], resources: ["${resource}"], verbs: ["${verb}"]}`;
}
function sentence(said) {
  const trimmed = said.trim();
  if (trimmed === "") return "no explanation was given.";
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
function secondsToMs(seconds2) {
  return seconds2 === void 0 ? void 0 : seconds2 * 1e3;
}

// packages/kube/src/resources.ts
var KINDS = {
  pods: { kind: "Pod", group: "", namespaced: true },
  jobs: { kind: "Job", group: "batch", namespaced: true },
  secrets: { kind: "Secret", group: "", namespaced: true },
  events: { kind: "Event", group: "", namespaced: true },
  configmaps: { kind: "ConfigMap", group: "", namespaced: true },
  services: { kind: "Service", group: "", namespaced: true },
  serviceaccounts: { kind: "ServiceAccount", group: "", namespaced: true },
  persistentvolumeclaims: { kind: "PersistentVolumeClaim", group: "", namespaced: true },
  selfsubjectaccessreviews: { kind: "SelfSubjectAccessReview", group: "authorization.k8s.io", namespaced: false }
};
function typeMeta(resource) {
  const { group: group2, kind } = KINDS[resource];
  return { apiVersion: group2 === "" ? "v1" : `${group2}/v1`, kind };
}
function resourcePath(resource, namespace, ...rest2) {
  const { group: group2, namespaced } = KINDS[resource];
  return [
    group2 === "" ? "/api/v1" : `/apis/${group2}/v1`,
    ...namespaced ? ["namespaces", encodeURIComponent(namespace)] : [],
    resource,
    ...rest2.map(encodeURIComponent)
  ].join("/");
}
function nameObject(resource, namespace, name2) {
  const where = KINDS[resource].namespaced ? ` in namespace "${namespace}"` : "";
  return name2 === void 0 ? `${resource}${where}` : `${KINDS[resource].kind.toLowerCase()} "${name2}"${where}`;
}

// packages/kube/src/retry.ts
var import_promises5 = require("node:timers/promises");
var BRIEF_MS = 5e3;
var FIRST_DELAY_MS = 100;
var LONGEST_DELAY_MS = 5e3;
function retryVerdict(error2, kind = "existing") {
  if (!(error2 instanceof KubeError)) return "never";
  switch (error2.status) {
    case void 0:
      return error2.code === "UNREACHABLE" && error2.fault === "cluster" ? "outage" : "never";
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return "outage";
    case 500:
      return kind === "existing" ? "outage" : "briefly";
    case 401:
      return "briefly";
    case 409:
      return error2.reason === "Conflict" ? "briefly" : "never";
    default:
      return "never";
  }
}
function backOffMs(attempt2, random) {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt2 - 1));
  return full * (0.5 + random / 2);
}
async function withRetry(attempt2, options) {
  const { budgetMs, signal, verdict = retryVerdict, outlook, onRetry, outage } = options;
  let firstFailure;
  let over;
  let isAnswered = false;
  try {
    for (let number2 = 0; ; number2 += 1) {
      throwIfAborted(signal);
      try {
        const result = await attempt2(number2);
        isAnswered = true;
        return result;
      } catch (error2) {
        throwIfAborted(signal);
        const judged = verdict(error2);
        if (judged === "never" || !(error2 instanceof KubeError)) throw error2;
        const now = performance.now();
        firstFailure ??= now;
        const limitMs = Math.min(
          judged === "briefly" ? BRIEF_MS : Infinity,
          await outlook?.(error2, number2) ?? Infinity,
          budgetMs()
        );
        const delay = Math.max(backOffMs(number2 + 1, Math.random()), error2.retryAfterMs ?? 0);
        if (now + delay > firstFailure + limitMs) throw error2;
        over ??= outage?.told.begin(outage.what, error2, limitMs);
        onRetry?.(`${error2.message} Trying again in ${(delay / 1e3).toFixed(1)} s.`);
        await pause(delay, signal);
      }
    }
  } finally {
    over?.(isAnswered);
  }
}
async function pause(ms2, signal) {
  throwIfAborted(signal);
  try {
    await (0, import_promises5.setTimeout)(ms2, void 0, signal === void 0 ? {} : { signal });
  } catch (error2) {
    throwIfAborted(signal);
    throw error2;
  }
}
function throwIfAborted(signal) {
  if (signal?.aborted === true) throw abortedError(signal);
}
function abortedError(signal) {
  return new KubeError("ABORTED", "The request was cancelled.", { cause: signal.reason });
}

// packages/kube/src/exec.ts
var V5 = "v5.channel.k8s.io";
var V4 = "v4.channel.k8s.io";
var CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 };
var EXEC_RIGHT = { verb: "create", resource: "pods/exec", group: "" };
var STDIN_CHUNK = 32 * 1024 - 1;
var STDIN_HIGH_WATER = 1024 * 1024;
var STDIN_LOW_WATER = 512 * 1024;
var WORD_BYTES = 256;
var OUTPUT_HIGH_WATER = 256 * 1024;
var HANDSHAKE_TIMEOUT_MS = 2e4;
var ERROR_BODY_LIMIT = 64 * 1024;
var CLOSE_GRACE_MS = 2e3;
var STDIN_PATIENCE = 3;
async function openExec(rest2, namespace, target, options) {
  const { signal, repeatable = false, heartbeat, retry } = options;
  const where = `container "${target.container}" of ${nameObject("pods", namespace, target.pod)}`;
  const url = rest2.url(resourcePath("pods", namespace, target.pod, "exec"), {
    container: target.container,
    command: target.command,
    stdin: target.stdin ?? false,
    stdout: true,
    stderr: true,
    tty: false
  });
  const what = `run a command in ${where}`;
  const socket = await rest2.retrying(() => handshake(rest2, url, what, signal), {
    ...retry,
    signal,
    method: "GET",
    what,
    verdict: (error2) => repeatable && isKubeError(error2, "STREAM_LOST") ? "outage" : retry.verdict(error2)
  });
  return new ExecSocket(socket, where, target.stdin ?? false, heartbeat, signal);
}
function handshake(rest2, url, what, signal) {
  return rest2.headers().then(
    (headers) => new Promise((resolve10, reject) => {
      throwIfAborted(signal);
      rest2.countRequest();
      let connected = false;
      const socket = new import_ws.default(url, [V5, V4], {
        headers,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        perMessageDeflate: false,
        skipUTF8Validation: true,
        createConnection: () => rest2.socket(() => connected = true)
      });
      const settle = () => {
        signal?.removeEventListener("abort", abort);
        socket.removeAllListeners();
        socket.on("error", () => void 0);
      };
      const fail = (error2) => {
        settle();
        socket.terminate();
        reject(error2);
      };
      const abort = () => {
        if (signal !== void 0) fail(abortedError(signal));
      };
      signal?.addEventListener("abort", abort, { once: true });
      socket.once("open", () => {
        rest2.markAnswered();
        socket.pause();
        settle();
        resolve10(socket);
      });
      socket.once("unexpected-response", (_request, response) => {
        rest2.markAnswered();
        const status = response.statusCode ?? 0;
        void readStart(response).then(
          (body) => fail(apiError({ what, status, body, retryAfter: response.headers["retry-after"], needs: EXEC_RIGHT }))
        );
      });
      socket.once(
        "error",
        (cause) => fail(
          connected ? new KubeError(
            "STREAM_LOST",
            `Could not ${what}: the connection broke before the Kubernetes API answered (${cause.message}). The command may have begun.`,
            { cause }
          ) : rest2.networkError(what, cause)
        )
      );
    })
  );
}
async function readStart(response) {
  const chunks = [];
  let length = 0;
  const read4 = async () => {
    for await (const chunk of response) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > ERROR_BODY_LIMIT) break;
    }
  };
  await Promise.race([read4().catch(() => void 0), (0, import_promises6.setTimeout)(5e3, void 0, { ref: false })]);
  response.destroy();
  return Buffer.concat(chunks).toString("utf8");
}
var ExecSocket = class {
  stdout;
  stderr;
  exit;
  #socket;
  #where;
  #heartbeat;
  #timer;
  #full = /* @__PURE__ */ new Set();
  #waitingWriters = /* @__PURE__ */ new Set();
  #forgetSignal;
  #resolve;
  #reject;
  #statusText = "";
  #status;
  #closeGrace;
  /** Why no more input is taken. */
  #over;
  #inputEnded;
  #alive = true;
  #silentTicks = 0;
  #inputUnderWay = false;
  constructor(socket, where, stdin, heartbeat, signal) {
    this.#socket = socket;
    this.#where = where;
    this.#inputEnded = !stdin;
    this.#heartbeat = heartbeat;
    let resolve10 = () => void 0;
    let reject = () => void 0;
    this.exit = new Promise((onResolve, onReject) => {
      resolve10 = onResolve;
      reject = onReject;
    });
    this.#resolve = resolve10;
    this.#reject = reject;
    this.exit.catch(() => void 0);
    this.stdout = this.#output();
    this.stderr = this.#output();
    this.#timer = setInterval(() => this.#tick(), heartbeat.everyMs);
    const abort = () => this.#lose(signal === void 0 ? this.#closedByCaller() : abortedError(signal));
    signal?.addEventListener("abort", abort, { once: true });
    this.#forgetSignal = () => signal?.removeEventListener("abort", abort);
    socket.on("message", (data) => this.#receive(data));
    socket.on("pong", () => this.#showLife());
    socket.on("ping", () => this.#showLife());
    let socketError;
    socket.on("error", (error2) => socketError = error2);
    socket.on("close", (code3, reason) => {
      if (this.#over !== void 0) return;
      if (this.#status !== void 0) this.#complete(this.#status);
      else this.#lose(this.#lostError(closeDetail(code3, reason, socketError), socketError));
    });
    socket.resume();
  }
  async write(chunk) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (this.#inputEnded) throw new TypeError("standard input is not open");
    for (let start = 0; start < bytes.length; start += STDIN_CHUNK) {
      if (this.#over !== void 0) throw this.#over;
      this.#send(frame(CHANNEL.stdin, bytes.subarray(start, start + STDIN_CHUNK)));
      if (this.#socket.bufferedAmount >= STDIN_HIGH_WATER) {
        await new Promise((resume) => this.#waitingWriters.add(resume));
      }
    }
    if (this.#over !== void 0) throw this.#over;
  }
  end() {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    if (this.#socket.protocol === V5) this.#send(Buffer.from([CHANNEL.close, CHANNEL.stdin]));
  }
  close() {
    this.#lose(this.#closedByCaller());
    this.stdout.destroy();
    this.stderr.destroy();
  }
  #send(message) {
    const isWord = message.length <= WORD_BYTES;
    if (!isWord) this.#inputUnderWay = true;
    this.#socket.send(message, { binary: true }, () => {
      if (!isWord) this.#alive = true;
      if (this.#socket.bufferedAmount < STDIN_LOW_WATER) this.#wakeWriters();
    });
  }
  #wakeWriters() {
    for (const resume of this.#waitingWriters) resume();
    this.#waitingWriters.clear();
  }
  #output() {
    const stream = new import_node_stream.Readable({
      highWaterMark: OUTPUT_HIGH_WATER,
      read: () => this.#release(stream),
      destroy: (error2, done) => {
        this.#release(stream);
        done(error2);
      }
    });
    stream.on("error", () => void 0);
    return stream;
  }
  #release(stream) {
    if (!this.#full.delete(stream) || this.#full.size > 0) return;
    this.#showLife();
    this.#socket.resume();
  }
  #receive(message) {
    this.#showLife();
    if (this.#over !== void 0 || message.length < 2) return;
    const payload = message.subarray(1);
    const channel = message[0];
    if (channel === CHANNEL.stdout) this.#deliver(this.stdout, payload);
    else if (channel === CHANNEL.stderr) this.#deliver(this.stderr, payload);
    else if (channel === CHANNEL.status) {
      this.#statusText += payload.toString("utf8");
      this.#status = parseStatus(this.#statusText);
      if (this.#status !== void 0) this.#awaitClose();
    }
  }
  #deliver(stream, payload) {
    if (stream.destroyed || stream.push(payload)) return;
    this.#full.add(stream);
    this.#socket.pause();
  }
  #awaitClose() {
    clearTimeout(this.#closeGrace);
    this.#closeGrace = setTimeout(() => {
      if (this.#over !== void 0 || this.#status === void 0) return;
      if (this.#socket.isPaused) this.#awaitClose();
      else this.#complete(this.#status);
    }, CLOSE_GRACE_MS);
  }
  #showLife() {
    this.#alive = true;
    this.#inputUnderWay = false;
  }
  // Counts pings without an answer rather than time: a process that was stopped for a minute has missed one, not twelve.
  #tick() {
    if (this.#over !== void 0) return;
    this.#silentTicks = this.#alive || this.#socket.isPaused ? 0 : this.#silentTicks + 1;
    const { everyMs, deadlineMs } = this.#heartbeat;
    const allowed = Math.max(1, Math.ceil(deadlineMs / everyMs)) * (this.#inputUnderWay ? STDIN_PATIENCE : 1);
    if (this.#silentTicks >= allowed) {
      const seconds2 = this.#silentTicks * everyMs / 1e3;
      this.#lose(this.#lostError(`neither data nor an answer to pings for ${seconds2} s`));
      return;
    }
    this.#alive = false;
    this.#socket.ping();
  }
  /** The server is done: both outputs are whole. */
  #complete(status) {
    this.#stop(
      new KubeError("EXEC_FAILED", `The command in ${this.#where} ended before it took all of its input.`, {
        fault: "user"
      })
    );
    this.stdout.push(null);
    this.stderr.push(null);
    const result = exitCode(status);
    void Promise.all([taken(this.stdout), taken(this.stderr)]).then(() => {
      clearInterval(this.#timer);
      if (result !== void 0) {
        this.#resolve(result);
        return;
      }
      const said = readable(status.message ?? "no reason was given");
      this.#reject(
        new KubeError("EXEC_FAILED", `The command could not be run in ${this.#where}: ${said}`, {
          ...status.code !== void 0 && { status: status.code },
          ...status.reason !== void 0 && { reason: status.reason }
        })
      );
    });
  }
  #lose(error2) {
    if (this.#over !== void 0) return;
    this.#stop(error2);
    clearInterval(this.#timer);
    this.stdout.destroy(error2);
    this.stderr.destroy(error2);
    this.#reject(error2);
  }
  #stop(over) {
    this.#over = over;
    this.#forgetSignal();
    clearTimeout(this.#closeGrace);
    this.#socket.terminate();
    this.#wakeWriters();
  }
  #lostError(detail, cause) {
    return new KubeError(
      "STREAM_LOST",
      `The connection to the command in ${this.#where} was lost before its exit code came (${detail}). The command may still run.`,
      { cause }
    );
  }
  #closedByCaller() {
    return new KubeError("ABORTED", `The connection to the command in ${this.#where} was closed.`);
  }
};
function taken(stream) {
  const begun = stream.readableFlowing !== null || stream.readableDidRead || stream.listenerCount("readable") > 0;
  if (!begun || stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve10) => {
    stream.once("end", resolve10);
    stream.once("close", resolve10);
  });
}
function exitCode(status) {
  if (status.status === "Success") return 0;
  if (status.reason !== "NonZeroExitCode") return void 0;
  const code3 = Number(status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message);
  return Number.isInteger(code3) && code3 !== 0 ? code3 : 1;
}
function frame(channel, payload) {
  const message = Buffer.allocUnsafe(payload.length + 1);
  message[0] = channel;
  message.set(payload, 1);
  return message;
}
function closeDetail(code3, reason, error2) {
  if (error2 !== void 0) return error2.message;
  if (code3 === 1006) return "it broke";
  const text3 = reason.toString("utf8");
  return `closed by the other side, code ${code3}${text3 === "" ? "" : `: ${text3}`}`;
}

// packages/kube/src/pod-watch.ts
var REOPEN_MS = 1e3;
var WATCHED_MS = 2e3;
var PodWatch = class {
  selector;
  #access;
  #told = /* @__PURE__ */ new Map();
  #waiting = /* @__PURE__ */ new Set();
  #over = new AbortController();
  #events = 0;
  #isOpen = false;
  #isLive = false;
  #openedAt = -Infinity;
  constructor(selector, access2) {
    this.selector = selector;
    this.#access = access2;
  }
  /** Pods that are there, as they were told last. */
  get pods() {
    return [...this.#told.values()].flatMap(({ pod }) => pod ?? []);
  }
  /** How many events came so far. */
  get events() {
    return this.#events;
  }
  /** Whether what happens is told now, as far as anybody knows. */
  get isLive() {
    return this.#isLive;
  }
  /** What was told of a pod after an event; undefined when nothing was. */
  toldOf(name2, after) {
    const told = this.#told.get(name2);
    return told !== void 0 && told.number > after ? told : void 0;
  }
  /** Begins to watch, unless it goes on already or cannot. */
  open() {
    if (this.#isOpen || this.#over.signal.aborted || !this.#access.mayOpen()) return;
    if (performance.now() - this.#openedAt < REOPEN_MS) return;
    this.#isOpen = true;
    this.#openedAt = performance.now();
    void this.#follow();
  }
  /**
   * Waits until something is told, or until it is time to look.
   *
   * @returns whether it is time to look
   */
  async news({ after, since, pollMs, watchedMs = WATCHED_MS, signal }) {
    this.open();
    while (this.#events === after) {
      const left = since + (this.#isLive ? Math.max(pollMs, watchedMs) : pollMs) - performance.now();
      if (left <= 0) return true;
      await this.#change(left, signal);
    }
    return false;
  }
  close() {
    this.#over.abort();
  }
  async #change(ms2, signal) {
    const woken = new AbortController();
    this.#waiting.add(woken);
    try {
      await pause(ms2, signal === void 0 ? woken.signal : AbortSignal.any([signal, woken.signal]));
    } catch (error2) {
      throwIfAborted(signal);
      if (!woken.signal.aborted) throw error2;
    } finally {
      this.#waiting.delete(woken);
    }
  }
  async #follow() {
    let response;
    try {
      response = await this.#access.open(this.selector, this.#over.signal);
      response.socket.setKeepAlive(true, 5e3);
      response.socket.unref();
      this.#access.onOpen();
      this.#setLive(true);
      let rest2 = "";
      response.setEncoding("utf8");
      for await (const chunk of response) {
        const lines = (rest2 + String(chunk)).split("\n");
        rest2 = lines.pop() ?? "";
        for (const line of lines) this.#take(line);
      }
    } catch (error2) {
      if (response === void 0) this.#access.onRefused(error2);
    } finally {
      response?.destroy();
      this.#isOpen = false;
      this.#setLive(false);
    }
  }
  #take(line) {
    const { type: type2, object: object2 } = JSON.parse(line);
    if (type2 === "ERROR") throw new Error("the watch ended");
    const name2 = object2.metadata?.name;
    if (type2 === "BOOKMARK" || name2 === void 0) return;
    this.#events += 1;
    this.#told.set(name2, { pod: type2 === "DELETED" ? void 0 : object2, number: this.#events });
    this.#wake();
  }
  #setLive(isLive) {
    this.#isLive = isLive;
    this.#wake();
  }
  #wake() {
    for (const woken of this.#waiting) woken.abort();
  }
};
var PodWatches = class {
  #watches = [];
  #access;
  #isRefused = false;
  #isTold = false;
  /** @param tell told once, in a sentence, whether pods are watched */
  constructor(open9, tell) {
    const tellOnce = (sentence2) => {
      if (!this.#isTold) tell(sentence2);
      this.#isTold = true;
    };
    this.#access = {
      open: open9,
      mayOpen: () => !this.#isRefused,
      onOpen: () => tellOnce("Pods are watched."),
      onRefused: (error2) => {
        if (!isKubeError(error2) || error2.status === void 0 || error2.status >= 429) return;
        this.#isRefused = true;
        tellOnce(`Pods are polled, since they cannot be watched: ${error2.message}`);
      }
    };
  }
  /** The watch of these pods. It does not begin by itself. */
  of(selector) {
    const key2 = JSON.stringify(selector);
    const known = this.#watches.find((watch2) => JSON.stringify(watch2.selector) === key2);
    if (known !== void 0) return known;
    const watch = new PodWatch(selector, this.#access);
    this.#watches.push(watch);
    return watch;
  }
  /** A watch that has told of this pod, or one of its own. */
  ofPod(name2) {
    const known = this.#watches.find((watch) => watch.toldOf(name2, 0) !== void 0);
    return known ?? this.of({ fieldSelector: `metadata.name=${name2}` });
  }
  /** Whether a stream was refused, so that pods are polled. */
  get isRefused() {
    return this.#isRefused;
  }
  /** Tries none: somebody else was refused. */
  refuse() {
    this.#access.onRefused(new KubeError("FORBIDDEN", "an earlier call of this job was refused.", { status: 403 }));
  }
  close() {
    for (const watch of this.#watches) watch.close();
  }
};

// packages/kube/src/rest.ts
var import_node_http = __toESM(require("node:http"), 1);
var import_node_https = __toESM(require("node:https"), 1);
var import_node_net2 = require("node:net");
var import_node_tls2 = require("node:tls");

// packages/kube/src/error-field.ts
function errorField(error2, field) {
  if (typeof error2 !== "object" || error2 === null) return void 0;
  const value = error2[field];
  return typeof value === "string" && value !== "" ? value : void 0;
}

// packages/kube/src/outage.ts
var TELL_AFTER_MS = 5e3;
var Outage = class {
  #tell;
  #tellAfterMs;
  #waiting = 0;
  #since = 0;
  #isTold = false;
  #timer;
  constructor(tell, tellAfterMs = TELL_AFTER_MS) {
    this.#tell = tell;
    this.#tellAfterMs = tellAfterMs;
  }
  /**
   * A request has failed for the first time and will be sent again.
   *
   * @param what as in "Could not …"
   * @param limitMs for how long it will be
   * @returns to be called once, with whether it was answered in the end
   */
  begin(what, error2, limitMs) {
    this.#waiting += 1;
    if (this.#waiting === 1) {
      this.#since = performance.now();
      this.#timer = setTimeout(() => {
        this.#isTold = true;
        const why = error2.status === void 0 ? "no answer" : `HTTP status ${error2.status}`;
        this.#tell(
          `The cluster is not available: could not ${what} for ${inWords(this.#tellAfterMs)} (${why}). This is tried for up to ${inWords(limitMs)}; what runs in the cluster goes on.`
        );
      }, this.#tellAfterMs);
    }
    return (isAnswered) => {
      this.#waiting -= 1;
      if (this.#waiting > 0) return;
      clearTimeout(this.#timer);
      if (this.#isTold && isAnswered) {
        this.#tell(`The cluster is available again, after ${inWords(performance.now() - this.#since)}.`);
      }
      this.#isTold = false;
    };
  }
};
function inWords(ms2) {
  const seconds2 = Math.round(ms2 / 1e3);
  return seconds2 >= 120 && seconds2 % 60 === 0 ? `${seconds2 / 60} minutes` : `${seconds2} s`;
}

// packages/kube/src/rest.ts
var CONNECT_TIMEOUT_MS = 8e3;
var READ_TIMEOUT_MS = 15e3;
var WRITE_TIMEOUT_MS = 4e4;
var IDLE_SOCKET_MS = 3e4;
var AHEAD_MS = 1e4;
var MAX_AHEAD = 2;
var DEFAULT_RETRY_FOR_MS = 3e5;
var DEFAULT_FIRST_CONTACT_MS = 2e4;
var STARTING_MS = 3e4;
var Rest = class {
  #config;
  #options;
  #tls;
  #agent;
  #outage;
  /** Connections that were opened ahead. */
  #ahead = /* @__PURE__ */ new Map();
  #answered = false;
  #silentAt = -Infinity;
  #lastUse = 0;
  #requests = 0;
  constructor(config, options = {}) {
    this.#config = config;
    this.#options = options;
    this.#outage = new Outage(options.onOutage ?? (() => void 0));
    if (config.server.protocol === "https:") {
      const { ca, clientCertificate: cert, clientKey: key2, serverName } = config;
      this.#tls = {
        // Parsed once, not for each connection.
        secureContext: (0, import_node_tls2.createSecureContext)({ ca, cert, key: key2 }),
        rejectUnauthorized: config.insecure !== true,
        ...serverName !== void 0 && { servername: serverName }
      };
      this.#agent = new import_node_https.default.Agent({ keepAlive: true, ...this.#tls });
    } else {
      this.#agent = new import_node_http.default.Agent({ keepAlive: true });
    }
  }
  /** Requests sent and streams opened so far, repetitions included. */
  get requests() {
    return this.#requests;
  }
  /** Sends a request, with retry, and parses the answer. */
  async json(request4) {
    return this.retrying(() => this.jsonOnce(request4), request4);
  }
  /** The same without retry. */
  async jsonOnce(request4) {
    const text3 = await this.#text(await this.#send(request4), request4);
    try {
      return JSON.parse(text3);
    } catch (cause) {
      throw new KubeError("API", `The answer to "${request4.what}" is not JSON.`, { cause });
    }
  }
  /** Opens a response of any length, with retry until its head has come; the body is the caller's. */
  async open(request4) {
    return this.retrying(() => this.#send(request4), request4);
  }
  /** The same without retry. */
  async openOnce(request4) {
    return this.#send(request4);
  }
  /** Repeats an attempt within this connection's budgets. A POST makes something; all else is about what is there. */
  retrying(attempt2, request4) {
    const { retryForMs = DEFAULT_RETRY_FOR_MS, firstContactMs = DEFAULT_FIRST_CONTACT_MS, onRetry } = this.#options;
    const { signal, method, what, outlook } = request4;
    const kind = method === "POST" ? "create" : "existing";
    const judge2 = request4.verdict ?? ((error2) => retryVerdict(error2, kind));
    return withRetry(attempt2, {
      signal,
      verdict: (error2) => this.#isStarting(error2) ? "outage" : judge2(error2),
      outlook,
      onRetry,
      outage: { told: this.#outage, what },
      budgetMs: () => this.#answered ? retryForMs : Math.min(firstContactMs, retryForMs)
    });
  }
  /** An API server that has just begun knows neither roles nor accounts yet, and refuses what it will allow. */
  #isStarting(error2) {
    if (!(error2 instanceof KubeError)) return false;
    const now = performance.now();
    if (error2.code === "UNREACHABLE" && error2.fault === "cluster") this.#silentAt = now;
    return (error2.status === 401 || error2.code === "FORBIDDEN") && now - this.#silentAt < STARTING_MS;
  }
  /** The absolute address of a path. */
  url(path8, query = {}) {
    const { server } = this.#config;
    const url = new URL(server);
    url.pathname = server.pathname.replace(/\/$/, "") + path8;
    for (const [name2, value] of Object.entries(query)) {
      if (value === void 0) continue;
      for (const item of Array.isArray(value) ? value : [value]) {
        url.searchParams.append(name2, String(item));
      }
    }
    return url;
  }
  /** Headers that sign a request in. */
  async headers() {
    const token = await this.#config.token();
    return {
      "User-Agent": "kaniko-hooks",
      Accept: "application/json",
      ...token !== void 0 && { Authorization: `Bearer ${token}` }
    };
  }
  /** A connection of its own, for a stream. `onReady` is called once requests can be written to it. */
  socket(onReady) {
    const now = performance.now();
    for (const [socket, { since, isReady }] of this.#ahead) {
      this.#ahead.delete(socket);
      if (socket.destroyed || now - since > AHEAD_MS) {
        socket.destroy();
        continue;
      }
      socket.ref();
      if (isReady) process.nextTick(onReady);
      else socket.once(this.#tls === void 0 ? "connect" : "secureConnect", onReady);
      return socket;
    }
    return this.#connect(onReady);
  }
  /** Begins a connection for the next stream: the handshakes are over when the stream is wanted. Nobody need want one. */
  connectAhead() {
    if (this.#ahead.size >= MAX_AHEAD) return;
    const state = { since: performance.now(), isReady: false };
    const socket = this.#connect(() => state.isReady = true).unref();
    socket.on("error", () => void 0);
    socket.once("close", () => this.#ahead.delete(socket));
    this.#ahead.set(socket, state);
  }
  #connect(onReady) {
    const { hostname, port, protocol } = this.#config.server;
    const host = hostname.replace(/^\[|\]$/g, "");
    const portNumber = Number(port === "" ? protocol === "https:" ? 443 : 80 : port);
    const to2 = { host, port: portNumber, keepAlive: true, keepAliveInitialDelay: 5e3 };
    const ready = () => {
      clearTimeout(timer);
      onReady();
    };
    const socket = this.#tls === void 0 ? (0, import_node_net2.connect)(to2, ready) : (0, import_node_tls2.connect)({ ...to2, servername: isName(host) ? host : "", ...this.#tls }, ready);
    const timer = setTimeout(() => {
      socket.destroy(new NetworkTimeout(`no connection for ${CONNECT_TIMEOUT_MS / 1e3} s`));
    }, CONNECT_TIMEOUT_MS);
    socket.once("close", () => clearTimeout(timer));
    return socket;
  }
  /** Counts a request or stream that goes out. */
  countRequest() {
    this.#requests += 1;
  }
  /** From now on an outage is an outage, no longer a wrong address. */
  markAnswered() {
    this.#answered = true;
  }
  /** Wraps what the network did in a KubeError that says what to check. */
  networkError(what, cause) {
    const code3 = errorField(cause, "code") ?? "unknown error";
    const detail = errorField(cause, "message") ?? code3;
    const { host } = this.#config.server;
    if (isCertificateCode(code3)) {
      return new KubeError(
        "UNREACHABLE",
        `Could not ${what}: the certificate of the Kubernetes API at ${host} is not trusted: ${detail}. Check the certificate authority of the configuration.`,
        { cause, fault: "configuration" }
      );
    }
    return new KubeError(
      "UNREACHABLE",
      `Could not ${what}: no answer from the Kubernetes API at ${host} (${detail}).` + (this.#answered ? "" : " Check the address, the network policies and the DNS of the runner pod."),
      { cause }
    );
  }
  /** Ends idle connections, so that the process can exit. */
  close() {
    this.#agent.destroy();
    for (const socket of this.#ahead.keys()) socket.destroy();
  }
  async #send(request4) {
    const { method, signal, what } = request4;
    throwIfAborted(signal);
    this.#dropOldSockets();
    const url = this.url(request4.path, request4.query);
    const body = request4.body === void 0 ? void 0 : Buffer.from(JSON.stringify(request4.body));
    const headers = await this.headers();
    if (body !== void 0) {
      headers["Content-Type"] = "application/json";
      headers["Content-Length"] = String(body.length);
    }
    this.#requests += 1;
    const answerTimeout = method === "GET" ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS;
    let response;
    try {
      response = await send(url, { method, headers, agent: this.#agent, signal }, body, answerTimeout);
    } catch (error2) {
      this.#dropIdleSockets();
      if (signal?.aborted === true) throw abortedError(signal);
      throw this.networkError(what, error2);
    }
    this.#answered = true;
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw apiError({
      what,
      status,
      body: await this.#text(response, request4),
      retryAfter: response.headers["retry-after"]
    });
  }
  async #text(response, { signal, what }) {
    const chunks = [];
    response.setTimeout(READ_TIMEOUT_MS, () => response.destroy(new NetworkTimeout("the answer stopped in the middle")));
    try {
      for await (const chunk of response) chunks.push(chunk);
    } catch (error2) {
      this.#dropIdleSockets();
      if (signal?.aborted === true) throw abortedError(signal);
      throw this.networkError(what, error2);
    }
    this.#lastUse = performance.now();
    return Buffer.concat(chunks).toString("utf8");
  }
  #dropOldSockets() {
    if (performance.now() - this.#lastUse > IDLE_SOCKET_MS) this.#dropIdleSockets();
  }
  // What broke one connection has mostly broken the others too, and each would cost a timeout.
  #dropIdleSockets() {
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
};
function send(url, { signal, ...options }, body, answerTimeoutMs) {
  return new Promise((resolve10, reject) => {
    const secure = url.protocol === "https:";
    const request4 = (secure ? import_node_https.default : import_node_http.default).request(url, signal === void 0 ? options : { ...options, signal });
    const giveUp = (what, ms2) => {
      request4.destroy(new NetworkTimeout(`${what} for ${ms2 / 1e3} s`));
    };
    const awaitAnswer = () => setTimeout(giveUp, answerTimeoutMs, "no answer", answerTimeoutMs);
    let timer = setTimeout(giveUp, CONNECT_TIMEOUT_MS, "no connection", CONNECT_TIMEOUT_MS);
    request4.once("socket", (socket) => {
      const connected = () => {
        clearTimeout(timer);
        timer = awaitAnswer();
      };
      if (request4.reusedSocket) {
        connected();
        return;
      }
      socket.on("error", () => void 0);
      socket.once(secure ? "secureConnect" : "connect", connected);
    });
    request4.once("response", (response) => {
      clearTimeout(timer);
      response.on("error", () => void 0);
      resolve10(response);
    });
    request4.on("error", (error2) => {
      clearTimeout(timer);
      reject(error2);
    });
    request4.end(body);
  });
}
var NetworkTimeout = class extends Error {
  code = "ETIMEDOUT";
};
function isCertificateCode(code3) {
  return /^(CERT_|ERR_TLS_CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(
    code3
  );
}
function isName(host) {
  return !/^[\d.]+$/.test(host) && !host.includes(":");
}

// packages/kube/src/kube.ts
var CREATE_ID = "kaniko-hooks/create-id";
var PAGE_SIZE = 500;
var LATE_MS = 500;
var LOG_STALL_MS = 15e3;
var DEFAULT_HEARTBEAT = { everyMs: 5e3, deadlineMs: 1e4 };
var Kube = class {
  namespace;
  #rest;
  #heartbeat;
  #watches;
  constructor(config, options = {}) {
    this.namespace = config.namespace;
    this.#rest = new Rest(config, options);
    this.#heartbeat = options.heartbeat ?? DEFAULT_HEARTBEAT;
    this.#watches = new PodWatches(
      async (selector, signal) => {
        const what = `watch ${nameObject("pods", this.namespace)}`;
        const query = { watch: true, ...selector };
        return this.#rest.openOnce({ method: "GET", path: resourcePath("pods", this.namespace), query, what, signal });
      },
      options.onWatch ?? (() => void 0)
    );
  }
  /** API requests sent and streams opened so far, repetitions included. */
  get requests() {
    return this.#rest.requests;
  }
  /** Reads one object. NOT_FOUND when there is none. */
  get(resource, name2, options = {}) {
    return this.#rest.json({
      method: "GET",
      path: resourcePath(resource, this.namespace, name2),
      what: `get ${nameObject(resource, this.namespace, name2)}`,
      signal: options.signal
    });
  }
  /**
   * Reads an object of a kind that a CustomResourceDefinition has added. NOT_FOUND when there is none, or no such kind.
   *
   * @returns as it is stored; nothing of its shape is sure
   */
  getCustom(object2, options = {}) {
    const { group: group2, version, plural, namespace, name: name2 } = object2;
    const place2 = ["", "apis", group2, version, "namespaces", namespace, plural, name2].map(encodeURIComponent).join("/");
    return this.#rest.json({
      method: "GET",
      path: place2,
      what: `get ${plural}.${group2} "${name2}" in namespace "${namespace}"`,
      signal: options.signal
    });
  }
  /**
   * Asks for a token of a service account (TokenRequest). Needs `create` on `serviceaccounts/token`, which a role can
   * limit to one account by `resourceNames`.
   *
   * @param lifeSeconds at least 600; the API server may give less than asked for
   */
  async requestToken(serviceAccount, lifeSeconds, options = {}) {
    const { boundTo, signal } = options;
    const answer2 = await this.#rest.json({
      method: "POST",
      path: resourcePath("serviceaccounts", this.namespace, serviceAccount, "token"),
      body: {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {
          expirationSeconds: Math.max(600, Math.ceil(lifeSeconds)),
          ...boundTo === void 0 ? {} : { boundObjectRef: { apiVersion: "v1", ...boundTo } }
        }
      },
      what: `create a token of ${nameObject("serviceaccounts", this.namespace, serviceAccount)}`,
      signal
    });
    const token = answer2.status?.token;
    if (token === void 0 || token === "") {
      throw new KubeError("UNREACHABLE", `The API server gave no token of service account "${serviceAccount}".`);
    }
    return token;
  }
  /** Reads all objects that the selectors leave. */
  async list(resource, options = {}) {
    const { labelSelector, fieldSelector, signal } = options;
    const items = [];
    let next;
    do {
      const page = await this.#rest.json({
        method: "GET",
        path: resourcePath(resource, this.namespace),
        query: { labelSelector, fieldSelector, limit: PAGE_SIZE, continue: next },
        what: `list ${nameObject(resource, this.namespace)}`,
        signal
      });
      for (const item of page.items ?? []) {
        Object.assign(item, typeMeta(resource));
        items.push(item);
      }
      next = page.metadata?.continue;
    } while (next !== void 0 && next !== "");
    return items;
  }
  /**
   * Creates an object and returns it as stored. Idempotent: when the answer is lost, the repetition recognises the
   * object by an annotation that the first try put there; `generateName` is completed here for the same reason.
   * CONFLICT when another object has the name, or one that is still being deleted. When it was cut off on its way (ABORTED,
   * UNREACHABLE) it fails only when the object exists or never will, so that whoever removes it then misses nothing.
   */
  async create(resource, object2, options = {}) {
    const { dryRun = false, signal } = options;
    const plain2 = object2;
    const { metadata = {} } = plain2;
    const { generateName, ...named3 } = metadata;
    const name2 = metadata.name ?? (generateName === void 0 ? void 0 : generateName + (0, import_node_crypto5.randomUUID)().slice(0, 8));
    const id = (0, import_node_crypto5.randomUUID)();
    const body = {
      ...typeMeta(resource),
      ...plain2,
      metadata: {
        ...named3,
        ...name2 !== void 0 && { name: name2, annotations: { ...metadata.annotations, [CREATE_ID]: id } }
      }
    };
    const request4 = {
      method: "POST",
      path: resourcePath(resource, this.namespace),
      ...dryRun && { query: { dryRun: "All" } },
      what: `create ${nameObject(resource, this.namespace, name2)}`,
      body,
      signal
    };
    const tried = { isSent: false };
    const sent = async (attempt2) => {
      tried.isSent = true;
      try {
        return await this.#rest.jsonOnce(request4);
      } catch (error2) {
        const lostAnswer = attempt2 > 0 && name2 !== void 0 && !dryRun;
        if (!lostAnswer || !isKubeError(error2, "CONFLICT") || error2.reason !== "AlreadyExists") throw error2;
        const found = await this.get(resource, name2, options);
        if (found.metadata?.annotations?.[CREATE_ID] === id) return found;
        throw error2;
      }
    };
    try {
      return await this.#rest.retrying(sent, request4);
    } catch (error2) {
      if (tried.isSent && isKubeError(error2, "ABORTED", "UNREACHABLE")) await (0, import_promises7.setTimeout)(LATE_MS);
      throw error2;
    }
  }
  /** Asks for an object's deletion; it may stay visible while its finalizers or grace period run. False: there was none. */
  async delete(resource, name2, options = {}) {
    const { gracePeriodSeconds, propagationPolicy, uid, retryForMs, signal } = options;
    const request4 = {
      method: "DELETE",
      path: resourcePath(resource, this.namespace, name2),
      what: `delete ${nameObject(resource, this.namespace, name2)}`,
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        ...gracePeriodSeconds !== void 0 && { gracePeriodSeconds },
        ...propagationPolicy !== void 0 && { propagationPolicy },
        ...uid !== void 0 && { preconditions: { uid } }
      },
      outlook: () => Promise.resolve(retryForMs),
      signal
    };
    return this.#rest.retrying(async (attempt2) => {
      try {
        await this.#rest.jsonOnce(request4);
        return true;
      } catch (error2) {
        if (isKubeError(error2, "NOT_FOUND")) return attempt2 > 0;
        if (uid !== void 0 && isKubeError(error2, "CONFLICT")) return false;
        throw error2;
      }
    }, request4);
  }
  /**
   * Runs a command in a container. Both outputs have to be read. Rejects with UNREACHABLE or the API's error when it
   * surely has not begun, with STREAM_LOST when it may have.
   */
  exec(target, options = {}) {
    const retry = this.#retry(target, "exec", options.signal);
    return openExec(this.#rest, this.namespace, target, { ...options, heartbeat: this.#heartbeat, retry });
  }
  /** Begins the connection of the next `exec`, which need not come: its handshakes are a round trip or two. */
  connectAhead() {
    this.#rest.connectAhead();
  }
  /**
   * Returns when a container's node answers for it: after a failed `exec` this tells an outage from a command that
   * cannot be run. Waits as for any outage.
   *
   * Throws POD_FAILED when the container has ended or its pod is gone, ABORTED, or the API's error.
   */
  async awaitNode({ pod, container }, options = {}) {
    const { signal } = options;
    const answer2 = await this.#rest.open({
      method: "GET",
      path: resourcePath("pods", this.namespace, pod, "log"),
      query: { container, tailLines: 1, limitBytes: 1 },
      what: `reach container "${container}" of ${nameObject("pods", this.namespace, pod)} on its node`,
      signal,
      ...this.#retry({ pod, container }, "exec", signal)
    }).catch((error2) => {
      if (!isKubeError(error2, "INVALID", "FORBIDDEN")) throw error2;
    });
    answer2?.destroy();
  }
  /**
   * The bytes of a container's log as they come, not cut into lines. Opening is repeated while the API is out; a
   * connection that breaks later throws STREAM_LOST. Its end is no proof that the log ended: see `followLog`.
   */
  async *logs(target, options = {}) {
    const { pod, container } = target;
    const { signal, ...query } = options;
    const what = `read the log of container "${container}" of ${nameObject("pods", this.namespace, pod)}`;
    const response = await this.#rest.open({
      method: "GET",
      path: resourcePath("pods", this.namespace, pod, "log"),
      query: { container, ...query },
      what,
      signal,
      ...this.#retry(target, "log", signal)
    });
    response.socket.setKeepAlive(true, 5e3);
    if (options.follow !== true) response.setTimeout(LOG_STALL_MS, () => response.destroy());
    try {
      for await (const chunk of response) yield chunk;
    } catch (cause) {
      if (signal?.aborted === true) throw abortedError(signal);
      throw new KubeError("STREAM_LOST", `Could not ${what} to its end: the connection broke.`, { cause });
    } finally {
      response.destroy();
    }
  }
  /** What the API server tells of these pods by itself; it begins when somebody waits for news, or with `open`. */
  watchPods(selector) {
    return this.#watches.of(selector);
  }
  /** The same for one pod, by a watch that knows it already. */
  watchPod(name2) {
    return this.#watches.ofPod(name2);
  }
  /** Whether the role was found not to let pods be watched. */
  get mustPoll() {
    return this.#watches.isRefused;
  }
  /** Polls pods without trying to watch them: an earlier client of the same role was refused. */
  pollPods() {
    this.#watches.refuse();
  }
  /** Ends watches and keep-alive connections, so that the process can exit. */
  close() {
    this.#watches.close();
    this.#rest.close();
  }
  /** For what a node answers: its kubelet may be away, or just begin and not know its pods yet (404). */
  #retry({ pod, container }, use, signal) {
    const readPod2 = () => this.#rest.jsonOnce({
      method: "GET",
      path: resourcePath("pods", this.namespace, pod),
      what: `get ${nameObject("pods", this.namespace, pod)}`,
      signal
    });
    return {
      verdict: (error2) => isKubeError(error2, "NOT_FOUND") ? "outage" : retryVerdict(error2),
      outlook: async (error2, number2) => {
        const isNode = error2.status === 404 || error2.status === 500;
        return isNode && (number2 > 0 || error2.status === 404) ? containerOutlook({ pod, container, use }, readPod2) : void 0;
      }
    };
  }
};

// packages/kube/src/kubeconfig.ts
var import_promises8 = require("node:fs/promises");
var import_node_path6 = require("node:path");
async function kubeconfigFile(path8) {
  const { load: load2 } = await Promise.resolve().then(() => (init_js_yaml(), js_yaml_exports));
  const file = fields(await readYaml(path8, load2));
  const current = text2(file, "current-context") ?? "";
  const context = findNamed(path8, file, "contexts", current, "context");
  const clusterName = text2(context, "cluster") ?? "";
  const userName = text2(context, "user") ?? "";
  const cluster = findNamed(path8, file, "clusters", clusterName, "cluster");
  const user = findNamed(path8, file, "users", userName, "user");
  const unsupported = ["exec", "auth-provider", "username"].filter((key2) => user[key2] !== void 0);
  if (unsupported.length > 0) {
    throw new KubeError(
      "NO_CREDENTIALS",
      `The user "${userName}" in ${path8} signs in by ${unsupported.join(", ")}, which is not supported. Use a token, a tokenFile or a client certificate.`
    );
  }
  const server = text2(cluster, "server");
  if (server === void 0 || !URL.canParse(server)) {
    throw new KubeError("NO_CREDENTIALS", `The cluster "${clusterName}" in ${path8} has no valid server address.`);
  }
  const pem = (holder, key2) => readPem(path8, holder, key2);
  const [ca, clientCertificate, clientKey] = await Promise.all([
    pem(cluster, "certificate-authority"),
    pem(user, "client-certificate"),
    pem(user, "client-key")
  ]);
  const serverName = text2(cluster, "tls-server-name");
  return {
    server: new URL(server),
    namespace: text2(context, "namespace") ?? "default",
    ...ca !== void 0 && { ca },
    ...clientCertificate !== void 0 && { clientCertificate },
    ...clientKey !== void 0 && { clientKey },
    ...serverName !== void 0 && { serverName },
    ...cluster["insecure-skip-tls-verify"] === true && { insecure: true },
    token: tokenReader(path8, user)
  };
}
async function readYaml(path8, load2) {
  const refused3 = (why) => new KubeError("NO_CREDENTIALS", `The kubeconfig ${path8} cannot be read: ${why}`);
  const content = await (0, import_promises8.readFile)(path8, "utf8").catch((cause) => {
    throw refused3(errorField(cause, "message") ?? "unknown");
  });
  try {
    return load2(content);
  } catch (cause) {
    const line = cause.mark?.line;
    throw refused3(`it is no YAML${line === void 0 ? "" : ` (line ${line + 1})`}`);
  }
}
function tokenReader(path8, user) {
  const tokenFile = text2(user, "tokenFile");
  const token = text2(user, "token");
  if (tokenFile === void 0) return () => Promise.resolve(token);
  return async () => {
    try {
      return (await (0, import_promises8.readFile)((0, import_node_path6.resolve)((0, import_node_path6.dirname)(path8), tokenFile), "utf8")).trim();
    } catch (cause) {
      throw new KubeError("NO_CREDENTIALS", `The token file ${tokenFile} of ${path8} cannot be read.`, { cause });
    }
  };
}
async function readPem(path8, holder, key2) {
  const data = text2(holder, `${key2}-data`);
  if (data !== void 0) return Buffer.from(data, "base64").toString("utf8");
  const file = text2(holder, key2);
  if (file === void 0) return void 0;
  try {
    return await (0, import_promises8.readFile)((0, import_node_path6.resolve)((0, import_node_path6.dirname)(path8), file), "utf8");
  } catch (cause) {
    throw new KubeError("NO_CREDENTIALS", `The ${key2} ${file} of ${path8} cannot be read.`, { cause });
  }
}
function findNamed(path8, file, list, name2, key2) {
  const entries = Array.isArray(file[list]) ? file[list].map(fields) : [];
  const entry2 = entries.find((candidate) => candidate["name"] === name2);
  if (entry2 === void 0) {
    throw new KubeError("NO_CREDENTIALS", `The kubeconfig ${path8} has no ${key2} "${name2}" in its ${list}.`);
  }
  return fields(entry2[key2]);
}
function fields(value) {
  return typeof value === "object" && value !== null ? value : {};
}
function text2(holder, key2) {
  const value = holder[key2];
  return typeof value === "string" && value !== "" ? value : void 0;
}

// packages/kube/src/literal.ts
function literal2(word) {
  return word.replaceAll("$", "$$$$");
}

// packages/kube/src/log-lines.ts
var NEWLINE = 10;
var LONGEST_LINE = 16 * 1024 * 1024;
var LogLines = class {
  #parseStamp = stampParser();
  #stamp;
  #parts = [];
  #length = 0;
  /** The lines that a chunk completes. */
  push(chunk) {
    const lines = [];
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (; ; ) {
      const end = bytes.indexOf(NEWLINE, start);
      this.#keep(bytes.subarray(start, end === -1 ? bytes.length : end));
      if (end === -1) break;
      lines.push(this.#take(true));
      start = end + 1;
    }
    if (this.#length >= LONGEST_LINE) lines.push(this.#take(false));
    return lines;
  }
  /** What came after the last newline. */
  rest() {
    return this.#length > 0 ? [this.#take(true)] : [];
  }
  #keep(part) {
    this.#parts.push(part);
    this.#length += part.length;
  }
  #take(isWhole) {
    const all = this.#parts.length === 1 && this.#parts[0] !== void 0 ? this.#parts[0] : Buffer.concat(this.#parts);
    const size = isWhole ? all.length : characterBoundary(all);
    this.#parts = size === all.length ? [] : [all.subarray(size)];
    this.#length = all.length - size;
    const text3 = all.toString("utf8", 0, size);
    const inherited = this.#stamp;
    const stamp = inherited ?? this.#parseStamp(text3);
    this.#stamp = isWhole ? void 0 : stamp;
    if (stamp === void 0) return { untimed: text3 };
    const { second, nanos, length } = stamp;
    return { second, nanos, text: inherited === void 0 ? text3.slice(length) : text3 };
  }
};
var STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) /;
function stampParser() {
  let known = "";
  let knownSecond = 0;
  return (line) => {
    const match = STAMP.exec(line);
    if (match === null) return void 0;
    const [whole, date = "", fraction = "", zone = ""] = match;
    if (date + zone !== known) {
      known = date + zone;
      knownSecond = Date.parse(known) / 1e3;
    }
    return { second: knownSecond, nanos: fraction.padEnd(9, "0"), length: whole.length };
  };
}
function characterBoundary(bytes) {
  let end = bytes.length;
  const isContinuation = (index) => ((bytes[index] ?? 0) & 192) === 128;
  while (end > bytes.length - 4 && isContinuation(end - 1)) end -= 1;
  return ((bytes[end - 1] ?? 0) & 192) === 192 ? end - 1 : bytes.length;
}

// packages/kube/src/log-position.ts
var DISORDER_S = 1;
var LogPosition = class {
  /** How many lines each second had, from the one on where a new connection begins. */
  #counts = /* @__PURE__ */ new Map();
  #since;
  #latest;
  /** The line that was handed over last, of those since then. */
  #last;
  #replay;
  /** For `sinceTime`: where a new connection has to begin. Nothing: at the beginning. */
  get sinceTime() {
    return this.#since === void 0 ? void 0 : new Date(this.#since * 1e3).toISOString();
  }
  /** True when a line is later than all that were seen. */
  isNews(line) {
    return this.#latest === void 0 || isLater(line, this.#latest);
  }
  /** From here on lines come again from `sinceTime`. */
  restart() {
    this.#replay = this.#since === void 0 ? void 0 : { seen: 0, found: false, doubtful: [] };
  }
  /** The lines to hand over now that this one came, and whether some before them are missing. */
  next(line) {
    const replay = this.#replay;
    if (replay === void 0) return { lines: [this.#note(line)], gap: false };
    if (this.isNews(line)) {
      this.#replay = void 0;
      const lines = [...replay.found ? replay.doubtful : [], line];
      return { lines: lines.map((each) => this.#note(each)), gap: !replay.found };
    }
    replay.seen += 1;
    if (this.#last !== void 0 && isSame(line, this.#last)) {
      replay.found = true;
      replay.doubtful = [];
      if (replay.seen >= this.#count()) this.#replay = void 0;
    } else if (replay.found) {
      replay.doubtful.push(line);
    }
    return { lines: [], gap: false };
  }
  /** The lines that were held back until now, at the end of the log; and whether some may be missing. */
  finish() {
    const replay = this.#replay;
    this.#replay = void 0;
    if (replay === void 0) return { lines: [], gap: false };
    return { lines: replay.doubtful.map((line) => this.#note(line)), gap: !replay.found };
  }
  #note(line) {
    if (this.isNews(line)) this.#latest = line;
    const since = (this.#latest ?? line).second - DISORDER_S;
    if (since !== this.#since) {
      this.#since = since;
      for (const second of this.#counts.keys()) if (second < since) this.#counts.delete(second);
    }
    if (line.second >= since) {
      this.#counts.set(line.second, (this.#counts.get(line.second) ?? 0) + 1);
      this.#last = line;
    }
    return line;
  }
  #count() {
    let count = 0;
    for (const each of this.#counts.values()) count += each;
    return count;
  }
};
function isLater(one, other) {
  return one.second > other.second || one.second === other.second && one.nanos > other.nanos;
}
function isSame(one, other) {
  return one.second === other.second && one.nanos === other.nanos && one.text === other.text;
}

// packages/kube/src/poll-pause.ts
var SOON_MS = 1e3;
var LATE_MS2 = 2e4;
var MIDDLE_PAUSE_MS = 250;
var GROWN_PAUSE_MS = 500;
var LATE_PAUSE_MS = 1e3;
function pollPause(ageMs) {
  if (ageMs < SOON_MS) return 100;
  return ageMs < LATE_MS2 ? MIDDLE_PAUSE_MS : LATE_PAUSE_MS;
}
function looksFrom(firstMs, growth = 0) {
  return (ageMs) => {
    if (ageMs < firstMs) return firstMs - ageMs;
    return ageMs < LATE_MS2 ? Math.min(GROWN_PAUSE_MS, Math.max(MIDDLE_PAUSE_MS, ageMs * growth)) : LATE_PAUSE_MS;
  };
}
var looksForStart = looksFrom(600);

// packages/kube/src/settles-within.ts
async function settlesWithin(promise, ms2) {
  let timer;
  const timeout = new Promise((resolve10) => timer = setTimeout(resolve10, ms2, false));
  const settled = promise.then(
    () => true,
    () => true
  );
  try {
    return await Promise.race([settled, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

// packages/kube/src/log.ts
var FIRST_PAUSE_MS = 100;
var LONGEST_PAUSE_MS = 1e3;
var QUIET_MS = 15e3;
var LONGEST_QUIET_MS = 6e4;
var SETTLE_MS = 500;
var PATIENCE_MS = 2e3;
async function followLog(kube, target, onLine, options = {}) {
  const follower = new Follower(kube, target, onLine, options);
  const followed2 = await follower.run();
  return { ...followed2, pod: follower.pod, endedAt: follower.endedAt };
}
var Follower = class {
  #kube;
  #target;
  #onLine;
  #options;
  #position = new LogPosition();
  /** As it was seen last. */
  pod;
  endedAt = performance.now();
  #complete = true;
  #reads = 0;
  /** The log comes without times, so it cannot be resumed. */
  #untimed = false;
  constructor(kube, target, onLine, options) {
    this.#kube = kube;
    this.#target = target;
    this.#onLine = onLine;
    this.#options = options;
  }
  async run() {
    let seenPod = false;
    let delay = FIRST_PAUSE_MS;
    for (; ; ) {
      const began = performance.now();
      const end = await this.#read(true);
      this.endedAt = performance.now();
      if (this.#untimed) {
        this.#gap("it comes without times, so its end cannot be checked");
        return { complete: this.#complete };
      }
      if (this.#options.ended?.aborted === true) return this.#finish();
      const settleMs = end === "whole" ? this.#options.settleMs?.() ?? 0 : 0;
      const mayWait = settleMs > 0 || this.#kube.watchPod(this.#target.pod).isLive;
      let stage = end === "whole" && mayWait ? "running" : await this.#stage(seenPod || end !== "waiting");
      if (end === "whole" && stage === "running") stage = await this.#settled(settleMs);
      seenPod = true;
      if (end instanceof KubeError) return this.#giveUp(stage, end);
      if (stage === "ended") return this.#finish();
      if (stage === "gone") {
        if (end !== "waiting" || this.#position.sinceTime !== void 0)
          this.#gap("its pod is gone, so the end of it cannot be checked");
        return { complete: this.#complete };
      }
      if (performance.now() - began > LONGEST_PAUSE_MS) delay = FIRST_PAUSE_MS;
      await pause(delay, this.#options.signal);
      delay = Math.min(LONGEST_PAUSE_MS, delay * 2);
      if (end === "waiting") await this.#awaitBegin();
    }
  }
  /** Gives a container whose log has ended the time to be told as ended, before the log is opened again. */
  async #settled(settleMs) {
    const { pod: name2 } = this.#target;
    const { signal } = this.#options;
    const watch = this.#kube.watchPod(name2);
    const start = performance.now();
    let looked = start;
    let stage = "running";
    let events2 = 0;
    while (stage === "running" && performance.now() - start < Math.max(SETTLE_MS, settleMs)) {
      const isDue = await watch.news({
        after: events2,
        since: looked,
        pollMs: Math.max(pollPause(0), settleMs),
        watchedMs: Math.max(SETTLE_MS, settleMs),
        signal
      });
      if (isDue) looked = performance.now();
      const told = isDue ? void 0 : watch.toldOf(name2, events2)?.pod;
      ({ events: events2 } = watch);
      stage = told === void 0 ? await this.#stage(true) : this.#stageOf(told);
    }
    return stage;
  }
  /** An end of the stream is no proof: the API server ends it cleanly also when its own connection to the node breaks. */
  async #finish() {
    for (let delay = FIRST_PAUSE_MS; ; delay = Math.min(LONGEST_PAUSE_MS, delay * 2)) {
      const end = await this.#read(false);
      if (end === "whole") return { complete: this.#complete };
      if (end instanceof KubeError) return this.#giveUp("ended", end);
      if (end === "waiting" || await this.#stage(true) === "gone") {
        if (this.#position.sinceTime !== void 0) this.#gap("the end of it cannot be read again");
        return { complete: this.#complete };
      }
      await pause(delay, this.#options.signal);
    }
  }
  /** The node does not give the log. What is over has its result all the same, and that counts for more. */
  #giveUp(stage, error2) {
    if (stage === "before" || stage === "running") throw error2;
    this.#gap(`its node does not give it any more (${error2.message})`);
    return { complete: this.#complete };
  }
  /** One connection. `waiting`: there is no log (yet). `lost`: it ended in the middle. An error: the node is away. */
  async #read(follow2) {
    const { signal } = this.#options;
    const cut = new AbortController();
    const either = signal === void 0 ? cut.signal : AbortSignal.any([signal, cut.signal]);
    const onEnd = () => cut.abort();
    if (follow2) this.#options.ended?.addEventListener("abort", onEnd, { once: true });
    const { sinceTime } = this.#position;
    const lines = new LogLines();
    this.#position.restart();
    this.#reads += 1;
    try {
      const chunks = this.#logs({ follow: follow2, signal: either, ...sinceTime !== void 0 && { sinceTime } });
      for await (const chunk of follow2 ? this.#watched(chunks, cut) : chunks) {
        for (const line of lines.push(chunk)) await this.#take(line);
      }
      if (follow2) return "whole";
      for (const line of lines.rest()) await this.#take(line);
      const held = this.#position.finish();
      await this.#handOver(held.lines);
      if (held.gap) this.#gap("the kubelet has removed the lines that were read last (log rotation)");
      return "whole";
    } catch (error2) {
      const wasCut = cut.signal.aborted;
      cut.abort();
      throwIfAborted(signal);
      if (isKubeError(error2, "STREAM_LOST") || wasCut) return "lost";
      if (isKubeError(error2, "INVALID", "POD_FAILED")) return "waiting";
      if (isKubeError(error2, "API", "NOT_FOUND") && (error2.status === 500 || error2.status === 404)) return error2;
      throw error2;
    } finally {
      this.#options.ended?.removeEventListener("abort", onEnd);
    }
  }
  async #take(line) {
    if ("untimed" in line) return this.#takeUntimed(line.untimed);
    const { lines, gap } = this.#position.next(line);
    if (gap) this.#gap("the kubelet has removed lines while the connection was down (log rotation)");
    await this.#handOver(lines);
  }
  async #takeUntimed(text3) {
    if (text3.startsWith("unable to retrieve container logs")) {
      this.#gap(text3);
    } else if (this.#reads === 1 && this.#position.sinceTime === void 0) {
      this.#untimed = true;
      await this.#onLine(text3);
    }
  }
  async #handOver(lines) {
    for (const { text: text3 } of lines) {
      const taken2 = this.#onLine(text3);
      if (taken2 !== void 0) await taken2;
    }
  }
  #gap(why) {
    this.#complete = false;
    const { pod, container } = this.#target;
    this.#options.onGap?.(`Lines of the log of container "${container}" of pod "${pod}" may be missing: ${why}.`);
  }
  #logs(options) {
    return this.#kube.logs(this.#target, { ...options, timestamps: true });
  }
  /** Passes chunks on; after a silence looks whether the server has more than it sent, and cuts the connection then. */
  async *#watched(chunks, cut) {
    const source = chunks[Symbol.asyncIterator]();
    const { quietMs = QUIET_MS, signal } = this.#options;
    let quiet = quietMs;
    let next = source.next();
    next.catch(() => void 0);
    for (; ; ) {
      if (!await settlesWithin(next, quiet)) {
        quiet = Math.min(quiet * 2, Math.max(quietMs, LONGEST_QUIET_MS));
        if (await this.#isBehind() && !await settlesWithin(next, PATIENCE_MS)) cut.abort();
        throwIfAborted(signal);
        if (cut.signal.aborted) throw abortedError(cut.signal);
        continue;
      }
      const result = await next;
      if (result.done === true) return;
      quiet = quietMs;
      yield result.value;
      next = source.next();
      next.catch(() => void 0);
    }
  }
  /** The container has ended, or its last line is later than what came. */
  async #isBehind() {
    const { signal } = this.#options;
    const stage = await this.#stage(true);
    if (stage !== "running") return true;
    const lines = new LogLines();
    for await (const chunk of this.#logs({ tailLines: 1, limitBytes: 64, ...signal !== void 0 && { signal } })) {
      for (const line of lines.push(chunk)) if (this.#isUnseen(line)) return true;
    }
    for (const line of lines.rest()) if (this.#isUnseen(line)) return true;
    return false;
  }
  #isUnseen(line) {
    return !("untimed" in line) && this.#position.isNews(line);
  }
  async #awaitBegin() {
    let delay = FIRST_PAUSE_MS;
    while (await this.#stage(true) === "before") {
      await pause(delay, this.#options.signal);
      delay = Math.min(LONGEST_PAUSE_MS, delay * 1.5);
    }
  }
  async #stage(mayBeGone) {
    const { pod: name2, container } = this.#target;
    const { signal } = this.#options;
    try {
      const pod = await this.#kube.get("pods", name2, signal === void 0 ? {} : { signal });
      if (containerSpec(pod, container) === void 0) {
        throw new KubeError("INVALID", `Pod "${name2}" has no container "${container}".`);
      }
      return this.#stageOf(pod);
    } catch (error2) {
      if (mayBeGone && isKubeError(error2, "NOT_FOUND")) return "gone";
      throw error2;
    }
  }
  #stageOf(pod) {
    this.pod = pod;
    const state = containerStatus(pod, this.#target.container)?.state;
    if (state?.terminated !== void 0 || isFinished(pod)) return "ended";
    return state?.running === void 0 ? "before" : "running";
  }
};

// packages/kube/src/rejection.ts
var PAUSES_MS = [500, 1e3, 3e3];
async function untilAccepted(start, options) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await start();
    } catch (error2) {
      const problem = rejectionOf(error2);
      const pauseMs = PAUSES_MS[tries];
      if (problem === void 0 || pauseMs === void 0) throw error2;
      options.onRejected(`${problem.message} It is created again (${tries + 1} of ${PAUSES_MS.length}).`);
      await options.remove();
      await pause(pauseMs, options.signal);
    }
  }
}
function rejectionOf(error2) {
  return isKubeError(error2, "POD_FAILED") && error2.problem?.beforeStart === true ? error2.problem : void 0;
}

// packages/kube/src/problem-history.ts
var GRACE_MS = 2e4;
var GRACE_TRIES = 2;
var ProblemHistory = class {
  #tell;
  #current;
  #last;
  #told;
  #since = 0;
  #tries = 0;
  constructor(tell) {
    this.#tell = tell;
  }
  /** The problem that was seen last, also when it has gone since. */
  get last() {
    return this.#last;
  }
  /** Takes note of what a poll found, and tells it when it is news. */
  see(problem, now = performance.now()) {
    const before = this.#current;
    if (problem === void 0) {
      this.#current = void 0;
      return;
    }
    const same = before !== void 0 && family(before) === family(problem) && before.container === problem.container;
    if (!same) {
      this.#since = now;
      this.#tries = 0;
    }
    const backsOff = isBackOff(problem);
    if (!backsOff && (!same || isBackOff(before))) this.#tries += 1;
    this.#current = same && backsOff ? { ...before, reason: problem.reason } : problem;
    this.#last = this.#current;
    if (this.#current.message === this.#told) return;
    this.#told = this.#current.message;
    this.#tell?.(this.#current);
  }
  /** The present problem, when there is no more hope. */
  fatal(now = performance.now()) {
    const problem = this.#current;
    if (problem?.fatal === "now") return problem;
    if (problem?.fatal !== "after-grace") return void 0;
    return this.#tries >= GRACE_TRIES || now - this.#since >= GRACE_MS ? problem : void 0;
  }
};
function isBackOff(problem) {
  return problem.reason.endsWith("BackOff");
}
function family(problem) {
  return problem.reason.includes("ImagePull") ? "ImagePull" : problem.reason;
}

// packages/kube/src/missing-driver.ts
var MISSING = /driver name (\S+) not found in the list of registered CSI drivers|not supported by driver (\S+) \(no CSIDriver object\)/;
function missingDriver(said) {
  const [, unregistered, unknown] = MISSING.exec(said) ?? [];
  return unregistered ?? unknown;
}
function driverAdvice(pod, driver) {
  const node = pod.spec?.nodeName;
  const where = node === void 0 ? "its node" : `node ${node}`;
  return `the CSI driver ${driver} is not installed, or its pod does not run on ${where}; whoever runs the cluster has to install it, or to let its DaemonSet onto that node.`;
}

// packages/kube/src/slow-start.ts
function isBeforeSandbox(pod) {
  return condition(pod, "PodReadyToStartContainers", "False") !== void 0;
}
function driversOf(pod) {
  return (pod.spec?.volumes ?? []).flatMap(({ csi }) => csi?.driver ?? []);
}
function slowStart(pod, mayReadEvents) {
  const problem = (reason, message) => ({
    fatal: "wait",
    reason,
    message,
    fault: "cluster"
  });
  const label = podLabel(pod);
  if (condition(pod, "PodScheduled", "True") === void 0) {
    const scheduler = pod.spec?.schedulerName ?? "default-scheduler";
    return problem(
      "NotScheduled",
      `No scheduler has looked at ${label}: is there one called ${scheduler} in the cluster, and does it run?`
    );
  }
  const node = pod.spec?.nodeName ?? "?";
  if (pod.status?.startTime === void 0 && pod.status?.containerStatuses === void 0) {
    return problem("NotAccepted", `Node ${node} has not taken up ${label}: is it Ready ("kubectl get node ${node}")?`);
  }
  if (isBeforeSandbox(pod)) return problem("NotReadyToStartContainers", beforeSandbox(pod, mayReadEvents));
  const status = firstNotStarted(pod);
  const container = `container "${status?.name ?? "?"}" of ${label}`;
  if (status !== void 0 && isInitContainer(pod, status.name) && status.state?.running !== void 0) {
    return problem("PodInitializing", `The init ${container} still runs; the others start behind it.`);
  }
  return problem(
    status?.state?.waiting?.reason ?? "ContainerCreating",
    `The image "${status?.image ?? "?"}" for ${container} is most likely still being pulled to node ${node}.`
  );
}
function beforeSandbox(pod, mayReadEvents) {
  const drivers = driversOf(pod).join(", ");
  const which2 = drivers === "" ? "" : ` (by the CSI driver ${drivers})`;
  const advice2 = drivers === "" ? "" : ` The driver refuses, or: ${driverAdvice(pod, drivers)}`;
  const events2 = mayReadEvents ? "No event tells more." : 'Events tell, but the runner may not read them: look with "kubectl describe pod", or grant it list on events.';
  return `The ${podLabel(pod)} does not start: most likely a volume cannot be mounted${which2}, or its network set up. ${events2}${advice2}`;
}
function firstNotStarted(pod) {
  const { initContainers = [], containers = [] } = pod.spec ?? {};
  const specs = [...initContainers, ...containers];
  return specs.map(({ name: name2 }) => containerStatus(pod, name2)).find((status) => status !== void 0 && !isPast(pod, status));
}
function isPast(pod, { name: name2, state, started }) {
  if (state?.terminated !== void 0) return true;
  if (state?.running === void 0) return false;
  return !isInitContainer(pod, name2) || containerSpec(pod, name2)?.restartPolicy === "Always" && started === true;
}

// packages/kube/src/warning-event.ts
async function warningEvent(kube, pod, signal) {
  const fieldSelector = `involvedObject.uid=${pod.metadata?.uid ?? ""},type=Warning`;
  let events2;
  try {
    events2 = await kube.list("events", { fieldSelector, signal });
  } catch (error2) {
    if (isKubeError(error2, "FORBIDDEN")) return "forbidden";
    throw error2;
  }
  const event = events2.sort((one, other) => timeOf(one) - timeOf(other)).at(-1);
  if (event === void 0) return void 0;
  const { reason = "Warning", message = "" } = event;
  const alike = events2.filter((other) => other.reason === event.reason);
  const missing = events2.filter((other) => missingDriver(other.message ?? "") !== void 0);
  const driver = missingDriver(message);
  const earlier = missingDriver(missing.at(-1)?.message ?? "");
  const advice2 = driver !== void 0 ? `; ${driverAdvice(pod, driver)}` : earlier !== void 0 ? `; before that, its node had not got the CSI driver ${earlier}` : "";
  return {
    fatal: "wait",
    count: countOf(alike),
    reason,
    message: `The ${podLabel(pod)} does not start (${reason}): ${message}${advice2}`,
    missingDriver: driver,
    driverMissed: countOf(missing),
    fault: "cluster"
  };
}
function countOf(events2) {
  return events2.reduce((sum, { count = 1 }) => sum + count, 0);
}
function timeOf(event) {
  const time = event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  return time === void 0 ? 0 : new Date(time).getTime();
}

// packages/kube/src/stuck-pod.ts
var EVENTS_EVERY_MS = 15e3;
var LIKELY_AFTER_MS = 45e3;
var WAITED_FOR_NODE_MS = 1e4;
var NEW_NODE_MS = 18e4;
var MOUNT = /^Failed(Mount|AttachVolume|MapVolume)$/;
var StuckPod = class {
  #kube;
  #giveUpMs;
  #since;
  #askAt = 0;
  /** How often the mount had failed at the look before. */
  #mountFailures = 0;
  /** How often its node had not got a driver, and when that was last found to have become more. */
  #driverMissed = 0;
  #driverMissedAt;
  /** @param giveUpMs after so long, a mount that goes on failing is fatal; a driver that starts with its node has longer */
  constructor(kube, giveUpMs = Infinity) {
    this.#kube = kube;
    this.#giveUpMs = giveUpMs;
  }
  /**
   * Looks at one state of the pod, and from time to time at its events.
   *
   * @returns what keeps it, when there is something new to say of it; `now` when there is no more hope
   */
  async see(pod, signal, now = performance.now()) {
    if (!isStuck(pod)) {
      this.#since = void 0;
      return void 0;
    }
    if (this.#since === void 0) {
      this.#since = now;
      this.#askAt = now + Math.min(EVENTS_EVERY_MS, this.#giveUpMs);
      this.#mountFailures = 0;
      this.#driverMissed = 0;
      this.#driverMissedAt = void 0;
    }
    if (now < this.#askAt) return void 0;
    const age = now - this.#since;
    const event = await warningEvent(this.#kube, pod, signal);
    this.#askAt = now + EVENTS_EVERY_MS;
    const isBefore = isBeforeSandbox(pod);
    const mayReadEvents = event !== "forbidden";
    const mayLackDriver = mayReadEvents ? event?.missingDriver !== void 0 : driversOf(pod).length > 0;
    const limit = mayLackDriver && isOnNewNode(pod) ? Math.max(NEW_NODE_MS, this.#giveUpMs) : this.#giveUpMs;
    if (event === void 0 || event === "forbidden") {
      if (age < Math.min(LIKELY_AFTER_MS, limit)) return void 0;
      const isHopeless = isBefore && !mayReadEvents && age >= limit;
      return { ...slowStart(pod, mayReadEvents), fatal: isHopeless ? "now" : "wait" };
    }
    if (event.driverMissed > this.#driverMissed) this.#driverMissedAt = now;
    this.#driverMissed = event.driverMissed;
    const isMount = MOUNT.test(event.reason);
    const goesOn = isBefore || event.count > this.#mountFailures;
    this.#mountFailures = isMount ? event.count : 0;
    return isMount && goesOn && this.#failsFor(event, now) >= limit ? { ...event, fatal: "now" } : event;
  }
  /** A driver that came with its node has its time from then on: at first it may not answer. */
  #failsFor({ missingDriver: missingDriver2 }, now) {
    const since = missingDriver2 === void 0 ? this.#driverMissedAt ?? this.#since : this.#since;
    return now - (since ?? now);
  }
};
function isStuck(pod) {
  return pod.status?.phase === "Pending";
}
function isOnNewNode(pod) {
  const made = pod.metadata?.creationTimestamp;
  const placed = condition(pod, "PodScheduled", "True")?.lastTransitionTime;
  if (made === void 0 || placed === void 0) return false;
  return new Date(placed).getTime() - new Date(made).getTime() >= WAITED_FOR_NODE_MS;
}

// packages/kube/src/wait-for-pod.ts
async function waitForPod(kube, name2, until, options) {
  const { container, timeoutMs, signal, onPod, onProblem, looks } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = signal === void 0 ? deadline : AbortSignal.any([signal, deadline]);
  const problems = new ProblemHistory(onProblem);
  let uid;
  const now = performance.now();
  const { since: start, pause: pause2 } = looks ?? { since: now, pause: pollPause };
  const stuck = new StuckPod(kube, options.stuckMs);
  const watch = kube.watchPod(name2);
  let pod = options.known;
  let events2 = pod === void 0 ? watch.events : 0;
  let looked = pod === void 0 || looks !== void 0 || watch.isLive ? now : -Infinity;
  try {
    if (pod === void 0 && looks !== void 0) {
      await watch.news({ after: events2, since: now, pollMs: pause2(now - start), signal: either });
    }
    for (; ; ) {
      pod ??= await readPod(kube, name2, either);
      if (uid !== void 0 && pod.metadata?.uid !== uid) throw replaced(name2);
      uid ??= pod.metadata?.uid;
      onPod?.(pod);
      if (isReached(pod, until, container)) return pod;
      const problem = podProblem(pod) ?? (isFinished(pod) ? endedEarly(pod) : void 0);
      problems.see(problem);
      const fatal = isFinished(pod) ? problem : problems.fatal(performance.now());
      if (fatal !== void 0) throw new KubeError("POD_FAILED", fatal.message, { problem: fatal });
      const why = problem === void 0 ? await stuck.see(pod, either) : void 0;
      if (why !== void 0) {
        problems.see(why);
        if (why.fatal === "now") throw new KubeError("POD_FAILED", why.message, { problem: why });
      }
      const pollMs = pause2(performance.now() - start);
      const isDue = await watch.news({ after: events2, since: looked, pollMs, signal: either });
      const told = isDue ? void 0 : watch.toldOf(name2, events2)?.pod;
      pod = told?.metadata?.uid === uid ? told : void 0;
      events2 = watch.events;
      if (pod === void 0) looked = performance.now();
    }
  } catch (error2) {
    throwIfAborted(signal);
    if (!deadline.aborted) throw error2;
    const problem = problems.last;
    throw new KubeError(
      "TIMEOUT",
      `Pod "${name2}" did not get as far as needed in ${timeoutMs / 1e3} s. ${problem?.message ?? ""}`.trim(),
      { ...problem !== void 0 && { problem }, cause: error2 }
    );
  }
}
async function readPod(kube, name2, signal) {
  try {
    return await kube.get("pods", name2, { signal });
  } catch (cause) {
    if (!isKubeError(cause, "NOT_FOUND")) throw cause;
    throw new KubeError("POD_FAILED", `Pod "${name2}" is gone: somebody deleted it, or its node was removed.`, {
      reason: "Deleted",
      cause
    });
  }
}
function replaced(name2) {
  return new KubeError("POD_FAILED", `Pod "${name2}" was deleted, and another one has its name now.`, {
    reason: "Replaced"
  });
}
function isReached(pod, until, container) {
  if (typeof until === "function") return until(pod);
  return until === "running" ? hasStarted(pod, container) : hasEnded(pod, container);
}
function hasStarted(pod, container) {
  const names = container === void 0 ? pod.spec?.containers.map(({ name: name2 }) => name2) ?? [] : [container];
  return names.every((name2) => {
    const state = containerStatus(pod, name2)?.state;
    if (state?.running !== void 0) return true;
    const { reason } = state?.terminated ?? {};
    return state?.terminated !== void 0 && !["StartError", "ContainerCannotRun"].includes(reason ?? "");
  });
}
function hasEnded(pod, container) {
  if (isFinished(pod)) return true;
  if (container === void 0 || containerStatus(pod, container)?.state?.terminated === void 0) return false;
  return containerStatuses(pod).some(({ name: name2, state }) => name2 !== container && state?.terminated === void 0);
}
function endedEarly(pod) {
  const codes = containerStatuses(pod).filter(({ state }) => state?.terminated !== void 0).map(({ name: name2, state }) => `${name2}: exit code ${state?.terminated?.exitCode ?? "?"}`);
  return {
    fatal: "now",
    reason: pod.status?.phase ?? "Failed",
    message: `The ${podLabel(pod)} has already ended (${[pod.status?.phase, ...codes].join(", ")}).`,
    fault: "user"
  };
}

// packages/builder/src/engines/pod/context-secret.ts
var import_node_util = require("node:util");
var LARGEST_ARCHIVE = 900 * 1024;
var ATTENDED = LARGEST_ARCHIVE;
var ALONE = 4 * 1024 * 1024;
var ARCHIVE_MOUNT = "/kaniko/archive";
var ARCHIVE_KEY = "context.tar";
var ZIPPED_KEY = "context.tar.gz";
function fitsSecret({ bytes }, most) {
  return bytes <= most;
}
async function contextSecret(name2, archive, byKaniko, { labels, ownerReferences } = {}) {
  const chunks = [];
  await archive.send((chunk) => Promise.resolve(void chunks.push(Buffer.from(chunk))));
  const tar = Buffer.concat(chunks);
  const isLarge = tar.length > LARGEST_ARCHIVE;
  const sent = byKaniko || isLarge ? await zip(tar) : tar;
  if (isLarge && sent.length > LARGEST_ARCHIVE) throw tooLarge(sent.length, "bytes when it is compressed");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: name2,
      ...labels === void 0 ? {} : { labels: { ...labels } },
      ...ownerReferences === void 0 ? {} : { ownerReferences: [...ownerReferences] }
    },
    data: { [byKaniko ? ZIPPED_KEY : ARCHIVE_KEY]: sent.toString("base64") }
  };
}
function tooLarge(size, what) {
  return new BuildError("CONTEXT_FAILED", `the context has ${size} ${what}, too many for a build that nobody attends`);
}
async function zip(bytes) {
  const { gzip } = await import("node:zlib");
  return (0, import_node_util.promisify)(gzip)(bytes, { level: 1 });
}

// packages/builder/src/engines/pod/parts.ts
var CONTEXT_CONTAINER = "context";
var CONTEXT_MOUNT = "/kaniko/context";
var CONTEXT_TREE = `${CONTEXT_MOUNT}/tree`;
var UNPACKED_TREE = "/kaniko/buildcontext";
var CONTEXT_DIRECTORY = `${CONTEXT_TREE}/${PACKED.context}`;
var LAYOUT_MOUNT = "/kaniko/image";
var TAR_MOUNT = "/kaniko/image-files";
var FILES_CONTAINER = "files";
var SECRETS_MOUNT = "/kaniko/build-secrets";
var NAMES_MOUNT = "/kaniko/names";
var NAME_FILES = ["hosts", "resolv.conf"];
function pushContainer(index) {
  return index === 0 ? "push" : `push-${index + 1}`;
}

// packages/builder/src/engines/pod/receive-script.ts
var WAIT_SCRIPT = `
trap 'exit 143' TERM
left=$((WAIT_SECONDS * 10))
until [ -d ${CONTEXT_TREE} ]; do
  left=$((left - 1))
  if [ "$left" -le 0 ]; then echo 'no build context has come' >&2; exit 1; fi
  sleep 0.1
done
`.trim();
var KEEP_NAMES_SCRIPT = `cp ${NAME_FILES.map((file) => `/etc/${file}`).join(" ")} ${NAMES_MOUNT}/ || exit 1`;
function receiveScript(tree) {
  return `
set -u
tree=${tree}
IFS= read -r bytes || exit 64
[ -n "$bytes" ] || exit 64
top=$(mktemp -d "\${tree%/*}/receive.XXXXXX") || exit 65
trap 'rm -rf "$top"' EXIT
mkfifo "$top/pipe" && mkdir "$top/tree" || exit 65
sha256sum < "$top/pipe" > "$top/sum" &
head -c "$bytes" | tee "$top/pipe" | tar -xpf - -C "$top/tree" || exit 65
wait
read -r sum rest < "$top/sum"
chmod 755 "$top/tree" || exit 65
echo "received $sum"
IFS= read -r answer || exit 66
[ "$answer" = accept ] || exit 66
[ -d "$tree" ] || mv "$top/tree" "$tree"
`.trim();
}
function unpackScript(archive, tree) {
  return `
top=$(mktemp -d "${tree}.XXXXXX") || exit 65
{ tar -xpf ${archive} -C "$top" || tar -xzpf ${archive} -C "$top"; } && chmod 755 "$top" && mv "$top" ${tree} || exit 65
`.trim();
}
var UNPACK_SCRIPT = unpackScript(`${ARCHIVE_MOUNT}/${ARCHIVE_KEY}`, CONTEXT_TREE);
var RECEIVE_COMMAND = ["sh", "-c", receiveScript(CONTEXT_TREE)];

// packages/builder/src/engines/pod/deliver-context.ts
var TransferError = class extends Error {
  name = "TransferError";
};
var TRIES = 3;
var RECEIPT_MS = 6e4;
var SLOWEST_BYTES_PER_MS = 10 * 1024;
async function deliverContext(kube, pod, archive, { signal, log, timeoutMs }) {
  const over = new AbortController();
  const either = signal === void 0 ? over.signal : AbortSignal.any([signal, over.signal]);
  const told = {};
  let onAccept = () => void 0;
  const taken2 = new Promise((resolve10, reject) => {
    onAccept = () => {
      if (told.at !== void 0) return;
      told.at = performance.now();
      waitForPod(kube, pod, hasTaken, { signal: either, timeoutMs }).then(() => resolve10(void 0), reject);
    };
  });
  taken2.catch(() => void 0);
  try {
    for (let tried = 1; ; tried++) {
      const problem = await Promise.race([send2(kube, pod, archive, onAccept, either).catch(passing), taken2]);
      if (problem === void 0 || told.at !== void 0 && tried === TRIES) {
        await taken2;
        return Math.round(performance.now() - (told.at ?? 0));
      }
      if (signal?.aborted === true) throw problem;
      if (tried === TRIES) {
        throw new BuildError(
          "CONTEXT_FAILED",
          `the build context could not be sent to pod ${pod}: ${problem.message}`,
          {
            fault: "cluster",
            cause: problem
          }
        );
      }
      if (told.at !== void 0) continue;
      log(`The build context did not arrive whole (${problem.message}); sending it again.`);
      if (isKubeError(problem)) {
        await kube.awaitNode({ pod, container: CONTEXT_CONTAINER }, { signal: either });
      }
    }
  } finally {
    over.abort();
  }
}
async function send2(kube, pod, archive, onAccept, signal) {
  const target = { pod, container: CONTEXT_CONTAINER, command: RECEIVE_COMMAND, stdin: true };
  const stream = await kube.exec(target, { signal, repeatable: true });
  try {
    await transmit(stream, archive, { onAccept });
    const code3 = await stream.exit;
    if (code3 !== 0) throw new TransferError(`the receiver ended with exit code ${code3} after it was told to accept`);
  } finally {
    stream.close();
  }
}
function passing(error2) {
  if (isPassing2(error2)) return error2;
  throw error2;
}
function isPassing2(error2) {
  return error2 instanceof TransferError || isKubeError(error2, "STREAM_LOST", "EXEC_FAILED");
}
function hasTaken(pod) {
  const status = pod.status?.initContainerStatuses?.find((container) => container.name === CONTEXT_CONTAINER);
  return status?.state?.terminated !== void 0;
}
async function transmit(stream, archive, { onAccept, receiptMs = RECEIPT_MS } = {}) {
  const complaints = collect(stream);
  const ended = stream.exit.then(
    (code3) => new TransferError(`the receiver ended with exit code ${code3}: ${complaints() || "no reason given"}`),
    (error2) => error2
  );
  let isOver = false;
  void ended.then(() => isOver = true);
  const whileAlive = (work) => Promise.race([work, ended.then(throwIt)]);
  const receipt = readReceipt(stream);
  await whileAlive(stream.write(`${archive.bytes}
`));
  const sent = await whileAlive(
    archive.send(async (chunk) => {
      if (isOver) throw new TransferError("the receiver has ended");
      await stream.write(chunk);
    })
  );
  const patience = receiptMs + archive.bytes / SLOWEST_BYTES_PER_MS;
  const received = whileAlive(receipt);
  if (!await settlesWithin(received, patience)) {
    throw new TransferError(`no receipt within ${Math.round(patience / 1e3)} s`);
  }
  const sum = await received;
  if (sum !== sent) throw new TransferError(`the receiver has ${sum}, sent was ${sent}`);
  onAccept?.();
  await whileAlive(stream.write("accept\n"));
}
function throwIt(error2) {
  throw error2;
}
function readReceipt(stream) {
  return new Promise((resolve10) => {
    let text3 = "";
    stream.stdout.on("data", (chunk) => {
      text3 = (text3 + chunk.toString()).slice(-200);
      const sum = /received ([0-9a-f]+)\n/.exec(text3)?.[1];
      if (sum !== void 0) resolve10(sum);
    });
  });
}
function collect(stream) {
  let text3 = "";
  stream.stderr.on("data", (chunk) => {
    if (text3.length < 2e3) text3 += chunk.toString();
  });
  return () => text3.trim().replace(/\s*\n\s*/g, "; ");
}

// packages/builder/src/engines/pod/stopwatch.ts
var Stopwatch = class {
  #last = performance.now();
  /** Since the last lap or the start; begins the next lap. */
  lap() {
    const now = performance.now();
    const ms2 = Math.round(now - this.#last);
    this.#last = now;
    return ms2;
  }
  /** A moment, to be subtracted from another one. */
  now() {
    return Math.round(performance.now());
  }
};

// packages/builder/src/engines/kaniko/extra-arguments.ts
var OURS = /* @__PURE__ */ new Set([
  ...["bucket", "context", "context-sub-path", "dockerfile", "git", "kaniko-dir"],
  ...["destination", "no-push", "oci-layout-path", "tar-path", "tarPath"],
  ...["digest-file", "image-name-with-digest-file", "image-name-tag-with-digest-file"],
  // They decide whether the log is read and what is deleted where the executor runs.
  ...["cleanup", "dryrun", "force", "log-format", "log-timestamp", "pre-cleanup"]
]);
var ASKED_FOR_ELSEWHERE = {
  annotation: "annotations",
  "build-arg": "build arguments",
  cache: "cache",
  "cache-repo": "cache repository",
  "cache-ttl": "cache lifetime",
  "custom-platform": "platform",
  customPlatform: "platform",
  insecure: "insecure registries",
  "insecure-pull": "insecure registries",
  "insecure-registry": "insecure registries",
  label: "labels",
  "push-retry": "push retries",
  "registry-mirror": "registry mirrors",
  secret: "secrets",
  target: "target"
};
function extraArguments(words) {
  const made = [];
  let takesValue = false;
  for (const word of words) {
    const [, name2] = /^--([A-Za-z][A-Za-z0-9-]*)(?:=[^]*)?$/.exec(word) ?? [];
    if (name2 !== void 0) {
      refuseOwned(name2);
      made.push(word);
      takesValue = !word.includes("=");
    } else if (takesValue && !word.startsWith("-")) {
      made.push(`${made.pop() ?? ""}=${word}`);
      takesValue = false;
    } else {
      const advice2 = "write each as --name=value or --name";
      throw refused2(`${JSON.stringify(word)} is no argument of the engine in a form that is taken: ${advice2}`);
    }
  }
  return made;
}
function refuseOwned(name2) {
  if (OURS.has(name2)) throw refused2(`the engine's argument --${name2} is set by Kaniko Hooks itself: leave it out`);
  const field = ASKED_FOR_ELSEWHERE[name2];
  if (field === void 0) return;
  throw refused2(
    `the engine's argument --${name2} has a setting of its own: write it there (${field}), and leave it out here`
  );
}
function refused2(message) {
  return new BuildError("REQUEST_REFUSED", message);
}

// packages/builder/src/engines/kaniko/image-arguments.ts
function imageArguments(wanted, secretsDirectory) {
  return [
    ...pairs3("label", wanted.labels),
    ...pairs3("annotation", wanted.annotations),
    ...wanted.secrets.map(({ id }, index) => {
      return `--secret=id=${checkedId(id)},type=file,src=${secretFile(secretsDirectory, index)}`;
    }),
    ...pairs3("build-arg", wanted.buildArgs),
    ...extraArguments(wanted.engineArgs)
  ];
}
function secretFile(directory, index) {
  if (directory === void 0) throw new Error("a build with secrets needs a directory in which they lie");
  return `${directory}/${index}`;
}
function cacheArguments(repository, ttl) {
  return ["--cache=true", "--cache-copy-layers=true", `--cache-repo=${repository}`, `--cache-ttl=${ttl}`];
}
function checkedId(id) {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(id)) return id;
  const why = "letters, digits, dots, dashes and underscores make one, and no dot or dash begins it";
  throw new BuildError("REQUEST_REFUSED", `${JSON.stringify(id)} is not the id of a secret that is taken: ${why}`);
}
function pairs3(flag, values) {
  return Object.entries(values).map(([name2, value]) => `--${flag}=${name2}=${value}`);
}

// packages/builder/src/engines/kaniko/args.ts
var CERTIFICATES_MOUNT = "/kaniko/certificates";
var TERMINATION_LOG = "/dev/termination-log";
var BUILD_LABEL = "kaniko-hooks.build";
var MOUNTED_BY_KIND = ["/product_uuid", "/product_name"];
var SNAPSHOT_MODE = "full";
var RETRIES = 3;
var BUILDKIT_COMPATIBILITY = [
  "FF_KANIKO_COPY_AS_ROOT",
  "FF_KANIKO_EXPAND_HEREDOC",
  "FF_KANIKO_RUN_HONOR_GROUP",
  "FF_KANIKO_UNTAR_SKIP_ROOT",
  "FF_KANIKO_CHOWN_ON_IMPLICIT_DIRS",
  "FF_KANIKO_COPY_CHMOD_ON_IMPLICIT_DIRS",
  "FF_KANIKO_SHARED_BASE_CACHE",
  "FF_KANIKO_PRECOMPILE_DOCKERIGNORE",
  "FF_KANIKO_SKIP_WRITE_WHITEOUTS"
];
var SOUND_CACHE_KEYS = ["FF_KANIKO_ROLLING_CACHE_KEY", "FF_KANIKO_HASH_DIR_FRAMING"];
function kanikoArguments(build2, settings) {
  const { proxies = [] } = build2;
  const plainProxies = proxies.flatMap(({ place: place2 }) => place2.plainHttp ? [place2.host] : []);
  const insecure = /* @__PURE__ */ new Set([...build2.insecureRegistries, ...settings.insecureRegistries ?? [], ...plainProxies]);
  const cache = cacheOf(build2, settings);
  const retries = build2.pushRetries ?? RETRIES;
  return [
    ...build2.unpacks === true ? [`--context=tar://${ARCHIVE_MOUNT}/${ZIPPED_KEY}`, `--context-sub-path=${PACKED.context}`] : [`--context=dir://${CONTEXT_DIRECTORY}`],
    // Absolute: a relative path would be looked for in the image's working directory first.
    `--dockerfile=${build2.unpacks === true ? UNPACKED_TREE : CONTEXT_TREE}/${PACKED.dockerfile}`,
    ...build2.pushRef !== void 0 ? [`--destination=${build2.pushRef}`, `--push-retry=${retries}`] : ["--no-push", ...build2.isDiscarded === true ? [] : [`--oci-layout-path=${LAYOUT_MOUNT}`]],
    ...build2.tarFor === void 0 ? [] : [`--tar-path=${TAR_MOUNT}/docker.tar`, ...build2.tarFor.map((name2) => `--destination=${name2}`)],
    ...build2.handle === void 0 ? [] : [`--label=${BUILD_LABEL}=${build2.handle}`],
    `--digest-file=${TERMINATION_LOG}`,
    "--force",
    `--snapshot-mode=${settings.snapshotMode ?? SNAPSHOT_MODE}`,
    "--compressed-caching=false",
    // Each layer is compressed twice; the fastest level takes a third of the time, for a tenth more bytes.
    "--compression-level=1",
    ...MOUNTED_BY_KIND.map((path8) => `--ignore-path=${path8}`),
    ...keepsVarRun(settings) ? ["--ignore-var-run=false"] : [],
    `--image-download-retry=${RETRIES}`,
    // Its own lines can be told from RUN's output, which comes as it is.
    "--log-format=json",
    ...[...insecure].map((registry2) => `--insecure-registry=${registry2}`),
    ...(build2.certificates ?? []).map(({ registry: registry2 }, index) => {
      return `--registry-certificate=${registry2}=${certificatePath(index)}`;
    }),
    ...mappedRegistries(settings, proxies),
    ...cache === void 0 ? [] : cacheArguments(cache.repository, cache.ttl),
    ...imageArguments({ ...NOTHING_WANTED, ...build2 }, SECRETS_MOUNT)
  ];
}
var NOTHING_WANTED = { labels: {}, annotations: {}, secrets: [], buildArgs: {}, engineArgs: [] };
function cacheOf({ cache }, settings) {
  return cache === "none" ? void 0 : cache ?? settings.cache;
}
function keepsVarRun({ pod }) {
  return pod?.serviceAccountName === void 0;
}
function certificatePath(index) {
  return `${CERTIFICATES_MOUNT}/${index}/ca.crt`;
}
function mappedRegistries({ registryMirrors = [], registryMaps = {} }, proxies) {
  const own = (registry2) => proxies.length === 0 ? [] : [registry2];
  const mirrors = registryMirrors.length === 0 ? [] : [...registryMirrors, ...own(mapKey("docker.io"))];
  const mapped = Object.entries(registryMaps).map(([from, targets]) => [mapKey(from), targets]);
  const maps = [...new Set(mapped.map(([from]) => from))].flatMap((key2) => {
    const targets = mapped.filter(([from]) => from === key2).flatMap(([, to2]) => to2);
    const isMirrored = mirrors.length > 0 && key2 === mapKey("docker.io");
    return [...targets, ...isMirrored ? [] : own(key2)].map((to2) => `--registry-map=${key2}=${to2}`);
  });
  const byProxy2 = proxies.flatMap(({ registry: registry2, spellings = [], place: place2 }) => {
    const to2 = [place2.host, place2.path].filter((part) => part !== "").join("/");
    const names = /* @__PURE__ */ new Set([mapKey(registry2), ...spellings.filter((name2) => name2 !== "docker.io")]);
    return [...names].map((name2) => `--registry-map=${name2}=${to2}`);
  });
  return [
    ...maps,
    ...byProxy2,
    ...mirrors.map((mirror) => `--registry-mirror=${mirror}`),
    ...proxies.length === 0 ? [] : ["--skip-default-registry-fallback"]
  ];
}
function mapKey(registry2) {
  return registryName(registry2) === "docker.io" ? "index.docker.io" : registry2;
}
function kanikoEnvironment(settings) {
  const compatibility = settings.fork === "osscontainertools" ? [...BUILDKIT_COMPATIBILITY, ...SOUND_CACHE_KEYS] : [];
  return [
    ...compatibility.map((name2) => ({ name: name2, value: "true" })),
    ...Object.entries(settings.env ?? {}).map(([name2, value]) => ({ name: name2, value }))
  ];
}
function kanikoIdentity(settings) {
  const { fork, image, snapshotMode = SNAPSHOT_MODE } = settings;
  return ["kaniko", fork, image, snapshotMode, ...keepsVarRun(settings) ? [] : ["without /var/run"]].join(" ");
}

// packages/builder/src/engines/pod/fetch-files.ts
var import_node_crypto6 = require("node:crypto");
var import_promises9 = require("node:fs/promises");
var TRIES2 = 3;
var TransferError2 = class extends Error {
  name = "TransferError";
};
var HEAD = 65;
var SEND_SCRIPT = `
set -e
cd ${TAR_MOUNT}
if [ "$1" = oci ] && ! [ -f oci.tar ]; then
  tar -cf "oci.$$" -C ${LAYOUT_MOUNT} .
  mv "oci.$$" oci.tar
fi
sha256sum <"$1.tar" | cut -c 1-64
exec cat "$1.tar"
`.trim();
var KEEP_SCRIPT = `trap 'exit 143' TERM; sleep "$WAIT_SECONDS" & wait`;
async function fetchFiles(kube, pod, files, { signal, log }) {
  for (const { kind, path: path8 } of files) {
    const beside = `${path8}.${(0, import_node_crypto6.randomUUID)()}`;
    try {
      for (let tried = 1; ; tried++) {
        const problem = await fetchOnce(kube, pod, kind, beside, signal).catch(passing2);
        if (problem === void 0) break;
        if (tried === TRIES2) throw failed(path8, problem);
        log(`The image did not arrive whole (${problem.message}); fetching it again.`);
      }
      await (0, import_promises9.rename)(beside, path8);
    } finally {
      await (0, import_promises9.rm)(beside, { force: true });
    }
  }
}
async function fetchOnce(kube, pod, kind, path8, signal) {
  const command = ["sh", "-c", SEND_SCRIPT, "send", kind];
  const stream = await kube.exec({ pod, container: FILES_CONTAINER, command }, { signal, repeatable: true });
  let said = "";
  stream.stderr.on("data", (chunk) => {
    if (said.length < 2e3) said += chunk.toString();
  });
  stream.exit.catch(() => void 0);
  const file = await (0, import_promises9.open)(path8, "w");
  try {
    const { told, found } = await write(stream.stdout, file);
    const code3 = await stream.exit;
    if (code3 !== 0) throw new TransferError2(`the sender ended with exit code ${code3}: ${said.trim()}`);
    if (told !== found) throw new TransferError2(`its hash is ${found} and was ${told}`);
  } finally {
    stream.close();
    await file.close();
  }
}
async function write(content, file) {
  let head = Buffer.alloc(0);
  const hash = (0, import_node_crypto6.createHash)("sha256");
  for await (const chunk of content) {
    const taken2 = chunk.subarray(0, Math.max(0, HEAD - head.length));
    head = Buffer.concat([head, taken2]);
    const rest2 = chunk.subarray(taken2.length);
    hash.update(rest2);
    for (let at2 = 0; at2 < rest2.length; ) at2 += (await file.write(rest2, at2)).bytesWritten;
  }
  return { told: head.toString("latin1").trim(), found: hash.digest("hex") };
}
function passing2(error2) {
  if (error2 instanceof TransferError2 || isKubeError(error2, "STREAM_LOST", "EXEC_FAILED")) return error2;
  throw error2;
}
function failed(path8, cause) {
  const message = `the image could not be fetched from the build pod into ${path8}: ${cause.message}`;
  return new BuildError("POD_FAILED", message, { fault: "cluster", cause });
}

// packages/builder/src/engines/pod/push-result.ts
var SILENT = "the registry did not take it within";
var NOT_ITS_OWN = new RegExp(`^(?:${SILENT}|the connector|the proxy)`);
var OWN_END = { trapsTerm: false };
var PartlyPushed = class extends Error {
  name = "PartlyPushed";
  /** References of an image that is there all the same. */
  pushed;
  constructor(pushed) {
    super(`only ${pushed.join(", ")} was pushed`);
    this.pushed = pushed;
  }
};
function haveEnded(pod, count, digest2) {
  const pushers = Array.from({ length: count }, (_2, index) => pushContainer(index));
  const { phase, initContainerStatuses = [], containerStatuses: containerStatuses2 = [] } = pod.status ?? {};
  const hasEnded2 = ({ state }) => state?.terminated !== void 0;
  if (!pushers.every((name2) => containerStatuses2.some((status) => status.name === name2 && hasEnded2(status)))) return false;
  if (phase === "Succeeded" || phase === "Failed") return true;
  if (pushers.every((name2) => hasPushed(containerResult(pod, name2, OWN_END), digest2))) return true;
  return [...initContainerStatuses, ...containerStatuses2].some((status) => !hasEnded2(status));
}
function pushProblem(pod, index, digest2, limitMs) {
  const name2 = pushContainer(index);
  const status = pod?.status?.containerStatuses?.find((container) => container.name === name2);
  if (pod === void 0 || status?.state?.terminated === void 0) {
    return `${SILENT} ${Math.round(limitMs / 1e3)} s`;
  }
  const result = containerResult(pod, name2, OWN_END);
  const said = result.message?.trim() ?? "";
  if (result.exitCode !== 0) {
    const why = result.why ?? `its container ended with exit code ${result.exitCode}`;
    return said === "" ? why : lastWords(said);
  }
  if (!result.trustworthy) return result.why;
  return hasPushed(result, digest2) ? void 0 : `another image was pushed (${said}) than was built (${digest2})`;
}
function hasPushed({ exitCode: exitCode2, trustworthy, message = "" }, digest2) {
  return exitCode2 === 0 && trustworthy && message.trim().endsWith(`@${digest2}`);
}
function throwUnlessPushed(outcomes) {
  const failed5 = outcomes.filter(({ why }) => why !== void 0);
  if (failed5.length === 0) return;
  const sentences = failed5.map(({ pushRef, why }) => {
    const { domain } = parseReference(pushRef);
    const words = why ?? "";
    return `${pushRef} could not be pushed; ${NOT_ITS_OWN.test(words) ? words : `the registry ${domain} said: ${words}`}`;
  });
  const pushed = outcomes.flatMap((outcome) => outcome.why === void 0 ? referencesOf(outcome) : []);
  const rest2 = pushed.length === 0 ? [] : [`It was pushed to ${pushed.join(", ")}.`];
  const cause = pushed.length === 0 ? {} : { cause: new PartlyPushed(pushed) };
  throw new BuildError("PUSH_FAILED", [sentences.join("; "), ...rest2].join(". "), cause);
}
function referencesOf({ pushRef, tags = [] }) {
  return [pushRef, ...tags.map((tag) => pushRef.replace(/:[^:/]+$/, `:${tag}`))];
}
function lastWords(said) {
  const lines = said.split("\n").map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, "").trim());
  const error2 = lines.filter((line) => line.startsWith("Error: ")).at(-1) ?? lines.at(-1) ?? "";
  const why = error2.replace(/^Error: (?:pushing image \S+: )?/, "");
  const advice2 = "let the token service answer at the same host and port as the registry";
  return /realm host .* is a private or link-local address/.test(why) ? `${why}; ${advice2}` : withPlainHttpAdvice(why);
}

// packages/builder/src/engines/pod/silence.ts
function listenForSilence({ ms: ms2, canHear, onSilence }) {
  let isOver = false;
  let timer;
  const check2 = async () => {
    const heard = await canHear();
    if (isOver) return;
    if (heard) onSilence();
    else arm();
  };
  const arm = () => {
    timer = setTimeout(() => void check2(), ms2);
  };
  arm();
  return {
    end: () => {
      isOver = true;
      clearTimeout(timer);
    }
  };
}

// packages/builder/src/engines/pod/access.ts
var CREDENTIALS_MOUNT = "/kaniko/credentials";
var NOTHING2 = { volumes: [], mounts: [], env: [] };
var DOCKER_CONFIG = [{ name: "DOCKER_CONFIG", value: CREDENTIALS_MOUNT }];
function pushAccess(access2) {
  if (access2 === void 0) return NOTHING2;
  return access2.kind === "docker-config" ? dockerConfig(access2.secret, "push-credentials") : connector(access2);
}
function dockerConfig(secret2, volume) {
  return {
    volumes: [
      {
        name: volume,
        secret: { secretName: secret2, defaultMode: 256, items: [{ key: ".dockerconfigjson", path: "config.json" }] }
      }
    ],
    mounts: [{ name: volume, mountPath: CREDENTIALS_MOUNT, readOnly: true }],
    env: DOCKER_CONFIG
  };
}
function connector({ volume, proxy }) {
  const { namespace, name: name2, attributes, serviceAccount } = volume;
  const named3 = attributes === "connectors" ? { connectors: `${namespace}/${name2}` } : { "connector.name": name2, "connector.namespace": namespace };
  const files = "reverse" in proxy ? { "configuration.names": proxy.reverse } : {};
  const volumeAttributes = { ...named3, ...files, "token.expiration": `${tokenMinutes(volume)}m` };
  return {
    volumes: [{ name: "connector", csi: { driver: "connectors-csi", readOnly: true, volumeAttributes } }],
    mounts: [{ name: "connector", mountPath: CREDENTIALS_MOUNT, readOnly: true }],
    env: "reverse" in proxy ? DOCKER_CONFIG : [],
    serviceAccount,
    ..."forward" in proxy ? { proxyFiles: CREDENTIALS_MOUNT } : {}
  };
}

// packages/builder/src/engines/pod/push-script.ts
var PUSH_SCRIPT = `
said_file=\${TMPDIR:-/tmp}/said
layout=$1
reference=$2
files=$3
shift 3
scheme=https
case " $* " in *' --insecure '*) scheme=http ;; esac
without_secrets() {
  sed -e 's#://[^/@[:space:]]*@#://***@#g' -e 's#eyJ[A-Za-z0-9_-]*[.][A-Za-z0-9_.-]*#***#g' \\
    -e 's#[Bb]asic [A-Za-z0-9+/=]\\{20,\\}#Basic ***#g'
}
proxy_for() {
  cat "$files/$1.proxy" 2>/dev/null | tr -d '\\r\\n\\t '
}
refused=\${files:-\${DOCKER_CONFIG-}}/.error.json
if [ -f "$refused" ]; then
  echo "Error: the connector gave no credential: $(tr '\\n' ' ' <"$refused" | without_secrets | head -c 1000)"
  exit 1
fi
if [ -n "$files" ] && [ -z "$(proxy_for "$scheme")" ]; then
  echo "Error: the connector's volume has no $scheme.proxy: versions before 1.6 have no forward proxy; use proxy: reverse"
  exit 1
fi
push() {
  if [ -n "$files" ]; then
    secure=$(proxy_for https)
    plain=$(proxy_for http)
    direct=$(cat "$files/.env" 2>/dev/null | sed -n 's/^no_proxy=//p' | tr -d '"\\047\\r ')
    export https_proxy="$secure" HTTPS_PROXY="$secure" http_proxy="$plain" HTTP_PROXY="$plain"
    export no_proxy="$direct" NO_PROXY="$direct" SSL_CERT_DIR="\${SSL_CERT_DIR:+$SSL_CERT_DIR:}$files"
  fi
  [ -n "\${PUSH_TAGS-}" ] || exec crane push "$layout" "$reference" --image-refs="\${TERMINATION_LOG:-/dev/termination-log}" "$@"
  # What says that all is well is said when all of it is.
  crane push "$layout" "$reference" --image-refs="$said_file.refs" "$@" || return 1
  for tag in $PUSH_TAGS; do
    crane tag "$(cat "$said_file.refs")" "$tag" "$@" || return 1
  done
  cat "$said_file.refs" >"\${TERMINATION_LOG:-/dev/termination-log}"
}
trap 'kill "$pid" 2>/dev/null; exit 143' TERM
for pause in \${PUSH_PAUSES:-5 15 40 0}; do
  push "$@" >"$said_file" 2>&1 &
  pid=$!
  wait "$pid" && exit 0
  code=$?
  said=$(without_secrets <"$said_file")
  case $said in
    *TOOMANYREQUESTS* | *'status code 429'* | *'status code 5'* | *INTERNAL_ERROR* | *UNAVAILABLE* | *': UNKNOWN:'*) ;;
    *': Bad Gateway'* | *': Service Unavailable'* | *': Gateway Timeout'*) ;;
    *EOF* | *'connection re'* | *'broken pipe'* | *timeout* | *'deadline exceeded'* | *'no such host'* | *'server misbehaving'* | *BLOB_UPLOAD*) ;;
    *) break ;;
  esac
  [ "$pause" = 0 ] && break
  printf '%s\\n' "$said" "trying again in $pause s"
  sleep "$pause" &
  pid=$!
  wait "$pid"
done
printf '%s\\n' "$said" | tail -n 20
exit "$code"
`.trim();
function pushCommand(layout, reference, plainHttp, proxyFiles = "") {
  return ["sh", "-c", PUSH_SCRIPT, "push", layout, reference, proxyFiles, ...plainHttp ? ["--insecure"] : []];
}
var PAUSES = [5, 15, 40];
function pushVariables(tags = [], retries) {
  const pauses = Array.from({ length: Math.max(0, retries ?? 0) }, (_2, index) => PAUSES[index] ?? 40);
  return [
    ...tags.length === 0 ? [] : [{ name: "PUSH_TAGS", value: tags.join(" ") }],
    ...retries === void 0 ? [] : [{ name: "PUSH_PAUSES", value: [...pauses, 0].join(" ") }]
  ];
}

// packages/builder/src/engines/kaniko/pod.ts
var KANIKO_CONTAINER = "kaniko";
var POD_LABEL = "kaniko-hooks/build";
var CAPABILITIES = [
  ...["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP", "SETUID", "SETGID", "KILL", "SYS_CHROOT"],
  ...["MKNOD", "NET_BIND_SERVICE"]
];
var DEADLINE_MARGIN_SECONDS = 30;
function pushesApart({ targets, files = [] }) {
  if (files.length > 0) return true;
  return targets.length > 1 || targets.some(({ access: access2, tags = [] }) => access2 !== void 0 || tags.length > 0);
}
function kanikoPod(build2, settings, options) {
  const { pod = {} } = settings;
  const seconds2 = Math.ceil(options.timeoutMs / 1e3);
  const resources = pod.resources === void 0 ? {} : { resources: pod.resources };
  const certificates = certificatesOf(build2, settings);
  const { files = [] } = build2;
  const apart = pushesApart(build2);
  const { archive } = options;
  const unpacks = archive?.byKaniko === true;
  const archiveMount = archive === void 0 ? [] : [{ name: "archive", mountPath: ARCHIVE_MOUNT, readOnly: true }];
  const script = archive === void 0 ? WAIT_SCRIPT : UNPACK_SCRIPT;
  const context = {
    name: CONTEXT_CONTAINER,
    image: settings.contextImage,
    command: ["sh", "-c", apart ? `${KEEP_NAMES_SCRIPT}
${script}` : script].map(literal2),
    env: [{ name: "WAIT_SECONDS", value: String(seconds2) }],
    securityContext: security([]),
    volumeMounts: [
      { name: "context", mountPath: CONTEXT_MOUNT },
      ...archiveMount,
      ...apart ? [{ name: "names", mountPath: NAMES_MOUNT }] : []
    ],
    ...resources
  };
  const { credentials, proxies = [] } = build2.bases ?? {};
  const own = credentials === void 0 ? void 0 : dockerConfig(credentials, "credentials");
  const secrets = settings.fork === "osscontainertools" ? build2.secrets : void 0;
  const [first] = build2.targets;
  const plainHosts = [
    ...apart ? [] : build2.targets.flatMap(({ insecureRegistries }) => insecureRegistries),
    ...proxies.flatMap(({ place: place2 }) => place2.plainHttp ? [place2.host] : [])
  ];
  const kaniko = {
    name: KANIKO_CONTAINER,
    image: settings.image,
    args: kanikoArguments(
      {
        ...build2,
        unpacks,
        secrets: (secrets?.ids ?? []).map((id) => ({ id })),
        isDiscarded: build2.targets.length === 0 && files.length === 0,
        ...files.some(({ kind }) => kind === "docker") ? { tarFor: namesOf(build2.targets) } : {},
        proxies,
        certificates,
        insecureRegistries: build2.targets.flatMap(({ insecureRegistries }) => insecureRegistries),
        ...apart || first === void 0 ? {} : { pushRef: first.pushRef }
      },
      settings
    ).map(literal2),
    env: [...reachedDirectly(kanikoEnvironment(settings), plainHosts), ...own?.env ?? []],
    securityContext: security(CAPABILITIES),
    volumeMounts: [
      ...unpacks ? archiveMount : [{ name: "context", mountPath: CONTEXT_MOUNT, readOnly: true }],
      ...apart ? [{ name: "image", mountPath: LAYOUT_MOUNT }] : [],
      ...files.length === 0 ? [] : [{ name: "image-files", mountPath: TAR_MOUNT }],
      ...certificates.map((_2, index) => certificateMount(index)),
      ...secrets === void 0 ? [] : [{ name: "secrets", mountPath: SECRETS_MOUNT, readOnly: true }],
      ...own?.mounts ?? []
    ],
    ...resources
  };
  const accounts = build2.targets.flatMap(({ access: access2 }) => pushAccess(access2).serviceAccount ?? []);
  const serviceAccount = pod.serviceAccountName ?? accounts[0];
  const pushers = apart ? build2.targets.map((target, index) => pusher(target, index, build2, certificates, settings)) : [];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: options.name,
      labels: { ...pod.labels, [POD_LABEL]: "true" },
      ...pod.annotations === void 0 ? {} : { annotations: { ...pod.annotations } },
      ...pod.ownerReferences === void 0 ? {} : { ownerReferences: [...pod.ownerReferences] }
    },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: seconds2 + DEADLINE_MARGIN_SECONDS,
      // Nothing in it has to be saved.
      terminationGracePeriodSeconds: 1,
      initContainers: [...unpacks ? [] : [context], ...apart ? [kaniko] : []],
      containers: apart ? [...pushers, ...files.length === 0 ? [] : [filesContainer(settings, seconds2)]] : [kaniko],
      volumes: [
        ...unpacks ? [] : [{ name: "context", emptyDir: {} }],
        ...archive === void 0 ? [] : [{ name: "archive", secret: { secretName: archive.secret, defaultMode: 256 } }],
        ...apart ? ["image", "names"].map((name2) => ({ name: name2, emptyDir: {} })) : [],
        ...files.length === 0 ? [] : [{ name: "image-files", emptyDir: {} }],
        ...certificates.map(certificateVolume),
        ...secrets === void 0 ? [] : [{ name: "secrets", secret: { secretName: secrets.secret, defaultMode: 256 } }],
        ...own?.volumes ?? [],
        ...build2.targets.flatMap((target, index) => accessOf(target, index).volumes)
      ],
      ...pod.nodeSelector === void 0 ? {} : { nodeSelector: { ...pod.nodeSelector } },
      ...pod.tolerations === void 0 ? {} : { tolerations: [...pod.tolerations] },
      ...pod.affinity === void 0 ? {} : { affinity: pod.affinity },
      ...pod.priorityClassName === void 0 ? {} : { priorityClassName: pod.priorityClassName },
      ...pod.runtimeClassName === void 0 ? {} : { runtimeClassName: pod.runtimeClassName },
      ...serviceAccount === void 0 ? {} : { serviceAccountName: serviceAccount },
      ...pod.hostUsers === void 0 ? {} : { hostUsers: pod.hostUsers },
      ...pod.imagePullSecrets === void 0 ? {} : { imagePullSecrets: [...pod.imagePullSecrets] }
    }
  };
}
function pusher(target, index, { pushRetries }, certificates, settings) {
  const access2 = accessOf(target, index);
  const { resources } = settings.pod ?? {};
  const directories = certificates.map((_2, at2) => certificatePath(at2).replace(/\/[^/]*$/, ""));
  const env = [
    ...reachedDirectly(
      Object.entries(settings.env ?? {}).map(([name2, value]) => ({ name: name2, value })),
      target.insecureRegistries
    ),
    // Go reads these directories besides the system's bundle.
    ...directories.length === 0 ? [] : [{ name: "SSL_CERT_DIR", value: directories.join(":") }],
    ...pushVariables(target.tags, pushRetries),
    ...access2.env
  ];
  return {
    name: pushContainer(index),
    image: settings.pushImage,
    command: pushCommand(LAYOUT_MOUNT, target.pushRef, target.insecureRegistries.length > 0, access2.proxyFiles).map(
      literal2
    ),
    env,
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: security([]),
    volumeMounts: [
      { name: "image", mountPath: LAYOUT_MOUNT, readOnly: true },
      ...NAME_FILES.map((file) => ({ name: "names", mountPath: `/etc/${file}`, subPath: file, readOnly: true })),
      ...certificates.map((_2, at2) => certificateMount(at2)),
      ...access2.mounts
    ],
    ...resources === void 0 ? {} : { resources }
  };
}
function filesContainer(settings, seconds2) {
  const { resources } = settings.pod ?? {};
  return {
    name: FILES_CONTAINER,
    image: settings.contextImage,
    command: ["sh", "-c", KEEP_SCRIPT].map(literal2),
    env: [{ name: "WAIT_SECONDS", value: String(seconds2) }],
    securityContext: security([]),
    volumeMounts: [
      { name: "image", mountPath: LAYOUT_MOUNT, readOnly: true },
      { name: "image-files", mountPath: TAR_MOUNT }
    ],
    ...resources === void 0 ? {} : { resources }
  };
}
function namesOf(targets) {
  const names = targets.flatMap(referencesOf);
  return names.length === 0 ? ["image:latest"] : names;
}
function accessOf(target, index) {
  const parts = pushAccess(target.access);
  const rename6 = (name2) => index === 0 ? name2 : `${name2}-${index + 1}`;
  return {
    ...parts,
    volumes: parts.volumes.map((volume) => ({ ...volume, name: rename6(volume.name) })),
    mounts: parts.mounts.map((mount) => ({ ...mount, name: rename6(mount.name) }))
  };
}
function reachedDirectly(env, hosts) {
  return withExceptions(env, hosts).map(({ name: name2, value }) => ({ name: name2, value: literal2(value) }));
}
function withExceptions(env, hosts) {
  if (hosts.length === 0 || !env.some(({ name: name2 }) => /^https?_proxy$/i.test(name2))) return [...env];
  const except = (name2) => {
    const own = env.find((variable) => variable.name === name2)?.value ?? "";
    return { name: name2, value: [.../* @__PURE__ */ new Set([...own.split(","), ...hosts])].filter((host) => host !== "").join(",") };
  };
  return [...env.filter(({ name: name2 }) => !/^no_proxy$/i.test(name2)), except("NO_PROXY"), except("no_proxy")];
}
function certificatesOf(build2, settings) {
  const ofTargets = build2.targets.flatMap(({ pushRef, certificate }) => {
    return certificate === void 0 ? [] : [{ registry: pushRef.split("/", 1)[0] ?? "", source: certificate }];
  });
  return [...ofTargets, ...settings.certificates ?? []];
}
function certificateVolume({ source }, index) {
  return {
    name: `certificate-${index}`,
    secret: { secretName: source.secret, items: [{ key: source.key, path: "ca.crt" }] }
  };
}
function certificateMount(index) {
  return { name: `certificate-${index}`, mountPath: certificatePath(index).replace(/\/[^/]*$/, ""), readOnly: true };
}
function security(capabilities) {
  return {
    runAsUser: 0,
    runAsGroup: 0,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"], ...capabilities.length === 0 ? {} : { add: [...capabilities] } },
    seccompProfile: { type: "RuntimeDefault" }
  };
}

// packages/builder/src/engines/kaniko/kaniko-end.ts
function kanikoEnd(pod) {
  return containerResult(pod, KANIKO_CONTAINER, { trapsTerm: false });
}
function hasKanikoEnded(pod) {
  return kanikoEnd(pod).exitCode === 0 || hasEnded(pod, KANIKO_CONTAINER);
}

// packages/builder/src/engines/kaniko/follow-kaniko.ts
var SILENCE_MS = 4e4;
var ANSWER_MS = 3e3;
async function followKaniko(kube, settings, pod, { request: request4, kanikoLog, signal, stop }) {
  const watch = new Stopwatch();
  let pushingAt;
  let seen;
  let isLooking = false;
  const ended = new AbortController();
  const over = new AbortController();
  const lookForEnd = () => {
    if (isLooking) return;
    isLooking = true;
    const options = { signal: AbortSignal.any([signal, over.signal]), timeoutMs: request4.timeoutMs };
    waitForPod(kube, pod, hasKanikoEnded, options).then(
      (found) => {
        seen = found;
        ended.abort();
      },
      // Whoever waits for the log finds out.
      () => void 0
    );
  };
  let hung;
  const first = request4.targets[0]?.pushRef;
  const pushed = pushesApart(request4) ? cacheOf(request4, settings)?.repository : first;
  const reference = pushed ?? first;
  const domain = reference === void 0 ? "of a base image" : parseReference(reference).domain;
  const silence = listenForSilence({
    ms: SILENCE_MS,
    canHear: () => answers(kube, pod, signal),
    onSilence: () => stop.abort(silent(`the registry ${domain} did not answer the build pod`, SILENCE_MS))
  });
  try {
    await followLog(
      kube,
      { pod, container: KANIKO_CONTAINER },
      (line) => {
        silence.end();
        const { lines, event } = kanikoLog.read(line);
        if (event?.kind === "pushing") {
          pushingAt = watch.now();
          const why = silent(`the registry ${domain} did not take the image`, request4.pushTimeoutMs);
          hung = setTimeout(() => stop.abort(why), request4.pushTimeoutMs);
        }
        if (event?.kind === "pushed" || event?.kind === "left") lookForEnd();
        lines.forEach((shown3) => request4.log(shown3));
      },
      { signal, ended: ended.signal, onGap: (message) => request4.log(message) }
    );
  } finally {
    over.abort();
    silence.end();
    clearTimeout(hung);
  }
  return { pushingAt, seen };
}
async function answers(kube, pod, signal) {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  return kube.awaitNode({ pod, container: KANIKO_CONTAINER }, { signal: soon }).then(
    () => true,
    () => false
  );
}
function silent(what, ms2) {
  return new BuildError("REGISTRY_UNREACHABLE", `${what} within ${Math.round(ms2 / 1e3)} s`);
}

// packages/builder/src/engines/kaniko/problem.ts
var import_node_path7 = require("node:path");

// packages/builder/src/engines/kaniko/authored.ts
var SHOWN = 60;
function authoredTexts({
  dockerfileText,
  authorText
}) {
  if (authorText === void 0) return /* @__PURE__ */ new Map();
  const authored = parseDockerfile(authorText);
  return new Map(
    parseDockerfile(dockerfileText).flatMap(({ line, text: text3, trigger }) => {
      const own = authored.find((written) => written.line <= line && line <= written.lastLine);
      if (own === void 0 || own.text === text3) return [];
      const whole = [text3, shownText(own)];
      return trigger === void 0 || own.trigger === void 0 ? [whole] : [whole, [trigger.text, shownText(own)]];
    })
  );
}
function shownText({ text: text3, heredocs: [first] }) {
  const line = first?.body.trimStart().split("\n", 1)[0]?.trimEnd() ?? "";
  if (line === "") return text3;
  return `${text3} (${line.length > SHOWN ? `${line.slice(0, SHOWN)}\u2026` : line})`;
}

// packages/builder/src/engines/kaniko/place-of.ts
var SHOWN2 = 200;
function placeAtLine(file, dockerfileText, line) {
  const found = parseDockerfile(dockerfileText).find((instruction) => instruction.line === line);
  return found === void 0 ? void 0 : { file, line, instruction: short(found.text) };
}
function placeOf(file, dockerfileText, said) {
  const words = joined(said);
  const [found, ...more] = parseDockerfile(dockerfileText).filter((instruction) => {
    const text3 = joined(shownText(instruction));
    return text3 === words || words.endsWith("\u2026") && text3.startsWith(words.slice(0, -1));
  });
  if (found === void 0 || more.length > 0) return void 0;
  return { file, line: found.line, instruction: short(found.text) };
}
function joined(text3) {
  return text3.replace(/\s+/g, " ").trim();
}
function short(text3) {
  const words = joined(text3);
  return words.length > SHOWN2 ? `${words.slice(0, SHOWN2)}\u2026` : words;
}

// packages/builder/src/engines/kaniko/problem.ts
var CHECK = /^error checking push permissions\b[^:]*: /;
var NO_CONNECTION = /dial tcp|no such host|i\/o timeout|connection refused|connection reset|no route to host|TLS handshake|x509:|deadline exceeded/;
var BROKEN = /connection reset|broken pipe|EOF/;
var ANSWERED = /_UNKNOWN|UNAUTHORIZED|DENIED|unauthorized|status code 4\d\d/;
var NO_MIRROR = "image not found on any configured mapped registries";
function explainFailure(build2) {
  const error2 = (build2.progress.error ?? "").replaceAll(`${UNPACKED_TREE}/`, `${CONTEXT_TREE}/`);
  const said = error2.replaceAll(`${CONTEXT_DIRECTORY}/`, "");
  if (CHECK.test(said)) return explainPush(build2.pushRef, said, "before the build");
  if (said.startsWith("error pushing image: ")) return explainPush(build2.pushRef, said, "after the build");
  return explainBase(build2, said) ?? explainInstruction(build2, said);
}
function explainPush(destination, said, when) {
  const known = /permission for "([^"]+)"/.exec(said)?.[1] ?? destination;
  const domain = known === void 0 ? "of the layer cache" : parseReference(known).domain;
  const pushRef = known ?? "the image";
  const tries = innermost(said).split(/; (?=Get "|GET )/);
  const reason = withPlainHttpAdvice(tries.at(-1) ?? "");
  if (when === "after the build" && BROKEN.test(reason)) {
    const message = `${pushRef} could not be pushed; the connection to the registry ${domain} broke: ${reason}`;
    return new BuildError("PUSH_FAILED", message);
  }
  return NO_CONNECTION.test(reason) ? new BuildError("REGISTRY_UNREACHABLE", `the registry ${domain} cannot be reached from the build pod: ${reason}`) : new BuildError("PUSH_FAILED", `${pushRef} could not be pushed; the registry ${domain} said ${when}: ${reason}`);
}
function explainBase(build2, said) {
  const { fetching, mirrors } = build2.progress;
  const isFetch = said.includes("failed to get filesystem from image") || said.startsWith("error building image: ") && !/error building stage|parsing dockerfile|failed to /.test(said);
  if (fetching === void 0 || !isFetch) return void 0;
  const base = baseImages(build2.dockerfileText, build2.buildArgs).find(({ reference }) => reference === fetching);
  const where = base === void 0 ? build2.dockerfile : `${build2.dockerfile} line ${base.line}`;
  const at2 = base === void 0 ? void 0 : placeAtLine(build2.dockerfile, build2.dockerfileText, base.line);
  const proxy = build2.proxies?.find(({ registry: registry2 }) => registry2 === registryOf(fetching));
  if (proxy !== void 0) return explainProxied(build2, `${fetching} (${where})`, at2, proxy);
  const told = [...mirrors, said].map(innermost);
  const found = told.filter((reason) => !reason.startsWith(NO_MIRROR));
  const reasons = found.length === 0 ? told : found;
  const fault = reasons.some((reason) => ANSWERED.test(reason)) || !NO_CONNECTION.test(reasons.at(-1) ?? "") ? "user" : "cluster";
  const message = `the base image ${fetching} (${where}) cannot be fetched: ${withPlainHttpAdvice(reasons.join("; "))}`;
  return new BuildError("BASE_IMAGE", message, { fault, exitCode: build2.exitCode, at: at2 });
}
function explainProxied({ progress, exitCode: exitCode2 }, image, at2, proxy) {
  const said = innermost(progress.mirrors.at(-1) ?? progress.error ?? "");
  const why = withOrigin(said, proxy);
  const others = why.includes(proxy.origin) ? `, or ${proxy.name} itself may not read the image, or there is no such image` : "";
  const message = `the base image ${image} cannot be fetched through ${proxy.name}: ${why}${others}`;
  const isRefusal = why !== said;
  const fault = isRefusal ? "configuration" : ANSWERED.test(said) ? "user" : "cluster";
  return new BuildError("BASE_IMAGE", message, { fault, exitCode: exitCode2, at: at2 });
}
function explainInstruction(build2, said) {
  const { dockerfile, exitCode: exitCode2, progress } = build2;
  const { why, at: at2 } = whereAndWhy(build2, said);
  const lines = [`building ${dockerfile} failed${why}`];
  const output = progress.output.filter((line) => line.trim() !== "");
  if (output.length > 0) lines.push("The last lines of its output:", ...output.map((line) => `  ${line}`));
  return new BuildError("DOCKERFILE_FAILED", lines.join("\n"), { exitCode: exitCode2, at: at2 });
}
function whereAndWhy({ progress, dockerfile, dockerfileText, exitCode: exitCode2 }, said) {
  const { instruction } = progress;
  const missing = /failed to get files used from context: .*(?:lstat|stat) ([^:]+): no such file/.exec(said)?.[1];
  if (missing !== void 0) return explainMissing(dockerfile, dockerfileText, missing);
  const at2 = instruction === void 0 ? void 0 : placeOf(dockerfile, dockerfileText, instruction);
  const reason = innermost(said);
  if (said.includes("failed to execute command: ") && instruction !== void 0) {
    const exit = /exit status (\d+)$/.exec(said)?.[1];
    return { at: at2, why: ` at ${instruction}: ${exit === void 0 ? reason : `it ended with exit code ${exit}`}` };
  }
  const after = instruction === void 0 ? "" : ` after ${instruction}`;
  return { at: at2, why: `${after}: ${reason === "" ? `exit code ${exitCode2}` : reason}` };
}
function explainMissing(dockerfile, dockerfileText, missing) {
  const [, elsewhere] = /^\/kaniko\/(?!context\/)[^/]+(\/.*)$/.exec(missing) ?? [];
  const above = missing.startsWith(`${CONTEXT_MOUNT}/`) ? missing.replace(/^.*\//, "") : void 0;
  const why = elsewhere !== void 0 ? `${elsewhere} is not in what --from= names, or only by a symbolic link in its path, which Kaniko does not follow; name the directory itself` : above !== void 0 ? `${above} lies above the build context, which is the directory of the Dockerfile; Docker leaves ../ out there: write the path without` : `${missing} is not in the build context, or .dockerignore leaves it out`;
  const copy = parseDockerfile(dockerfileText).find(({ trigger, ...own }) => {
    const { keyword, flags, args } = trigger ?? own;
    const isFrom = flags.some((flag) => flag.startsWith("--from="));
    if (keyword !== "COPY" && keyword !== "ADD") return false;
    if (above !== void 0) return !isFrom && namedIn(args).some((word) => word.startsWith("../"));
    return isFrom === (elsewhere !== void 0) && namedIn(args).includes((elsewhere ?? missing).replace(/^\//, ""));
  });
  if (copy === void 0) return { at: void 0, why: `: ${why}` };
  return {
    at: placeAtLine(dockerfile, dockerfileText, copy.line),
    why: ` at line ${copy.line}, ${copy.text}: ${why}`
  };
}
function namedIn(args) {
  const words = args.split(/[\s",[\]]+/).map((word) => {
    const above = /^(?:\.\.\/)*/.exec(word)?.[0] ?? "";
    return above + import_node_path7.posix.normalize(`/${word.slice(above.length)}`).replace(/^\/|\/$/g, "");
  });
  return words.slice(0, -1);
}
var WRAPPER = new RegExp(
  `^(?:${[
    "error (?:building|pushing) image",
    "error building stage",
    "error checking push permissions[^:]*",
    'checking push permission for "[^"]*"',
    "creating push check transport for \\S+ failed",
    "failed to (?:execute command|get filesystem from image|push to destination \\S+)",
    "waiting for process to exit",
    "parsing dockerfile"
  ].join("|")}): `
);
function innermost(said) {
  let text3 = said.replace(/unable to complete operation after \d+ attempts, last error: /, "");
  while (WRAPPER.test(text3)) text3 = text3.replace(WRAPPER, "");
  return text3.trim();
}

// packages/builder/src/engines/kaniko/attend.ts
var STILL_PUSHING_MS = 3e4;
async function attend(kube, settings, name2, run3, known) {
  const { request: request4, kanikoLog, signal, wait } = run3;
  const watch = new Stopwatch();
  await waitForPod(kube, name2, "running", { ...wait, known, container: KANIKO_CONTAINER });
  run3.progress.hasBegun = true;
  const startMs = watch.lap();
  const { pushingAt, seen } = await followKaniko(kube, settings, name2, run3);
  const ended = seen ?? await waitForPod(kube, name2, hasKanikoEnded, { signal, timeoutMs: request4.timeoutMs });
  const end = watch.now();
  const digest2 = readDigest(ended, failedBuild(request4, kanikoLog));
  const pod = { podMs: 0, contextMs: 0 };
  if (!pushesApart(request4)) {
    const pushMs = pushingAt === void 0 ? 0 : end - pushingAt;
    return { digest: digest2, startMs, phases: { ...pod, buildMs: watch.lap() - pushMs, pushMs } };
  }
  const buildMs = watch.lap();
  await fetchAll(kube, name2, request4, wait);
  await awaitPush(kube, name2, request4, digest2, wait);
  return { digest: digest2, startMs, phases: { ...pod, buildMs, pushMs: watch.lap() } };
}
async function fetchAll(kube, podName, { files = [], log }, wait) {
  if (files.length === 0) return;
  await waitForPod(kube, podName, "running", { ...wait, container: FILES_CONTAINER });
  const { signal = new AbortController().signal } = wait;
  await fetchFiles(kube, podName, files, { signal, log });
}
async function awaitPush(kube, podName, request4, digest2, wait) {
  const { targets, log, pushTimeoutMs } = request4;
  if (targets.length === 0) return;
  for (const [index] of targets.entries()) {
    await waitForPod(kube, podName, "running", { ...wait, container: pushContainer(index) });
  }
  const references = targets.flatMap(referencesOf);
  for (const reference of references) log(`Pushing ${reference}`);
  const start = performance.now();
  const limit = AbortSignal.timeout(pushTimeoutMs);
  const beat = setInterval(() => {
    log(`Still pushing after ${Math.round((performance.now() - start) / 1e3)} s.`);
  }, STILL_PUSHING_MS);
  const signal = wait.signal === void 0 ? limit : AbortSignal.any([wait.signal, limit]);
  let last;
  try {
    last = await waitForPod(kube, podName, (pod) => haveEnded(pod, targets.length, digest2), {
      ...wait,
      signal,
      onPod: (pod) => last = pod
    });
  } catch (error2) {
    if (last === void 0 || !limit.aborted || wait.signal?.aborted === true) throw error2;
  } finally {
    clearInterval(beat);
  }
  const outcomes = targets.map(({ access: access2, ...target }, index) => {
    const why = pushProblem(last, index, digest2, pushTimeoutMs);
    return { ...target, why: why === void 0 ? void 0 : withOrigin(why, credentialOf(access2)) };
  });
  throwUnlessPushed(outcomes);
  for (const reference of references) log(`Pushed ${reference}`);
}
function readDigest(pod, build2) {
  const result = kanikoEnd(pod);
  if (!result.trustworthy) throw new BuildError("POD_FAILED", result.why ?? "the build pod failed");
  if (result.exitCode !== 0) throw explainFailure({ ...build2, exitCode: result.exitCode });
  const digest2 = result.message?.trim() ?? "";
  if (isDigest(digest2)) return digest2;
  throw new BuildError("POD_FAILED", `Kaniko ended well, but reported no digest (it said ${JSON.stringify(digest2)})`);
}
function failedBuild({ context, targets, buildArgs = {}, bases = {} }, { progress }) {
  const { dockerfile, dockerfileText, authorText = dockerfileText } = context;
  const { proxies = [] } = bases;
  const [target] = targets;
  const pushed = target === void 0 ? {} : { pushRef: target.pushRef };
  return { dockerfile, dockerfileText: authorText, buildArgs, proxies, ...pushed, progress };
}

// packages/builder/src/engines/kaniko/coming-context.ts
function comingContext(name2, archive, request4, most = ATTENDED) {
  if (!fitsSecret(archive, most)) return void 0;
  return { secret: name2, byKaniko: unpacksItself(request4.context, request4) };
}
function unpacksItself({ entries, inlineFiles = [] }, build2) {
  return !pushesApart(build2) && inlineFiles.length === 0 && entries.every(({ kind }) => kind !== "symlink");
}

// packages/builder/src/engines/kaniko/log.ts
var KEPT_LINES = 10;
var RECORD_BEGINS = '{"level":"';
var RECORD_ENDS = '"}';
var RECORD_KEYS = "level,msg,time";
var LONGEST_RECORD = 8 * 1024 * 1024;
var LONGEST_WORDS = 4096;
var LAST_WORDS = /^(?:error (?:building|pushing|checking|resolving|changing)\b|Error: )/;
var INSTRUCTION = /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s/i;
var RUNNING = "Running: [";
var RUN_ENDED = /^(?:Taking snapshot of |Initializing snapshotter|No files )/;
var NEXT_REGISTRY = / Will try with the next registry, or fallback to the original registry\.$/;
var TO_CACHE = /^(?:Pushing layer|Pushing image to|Pushed) ([^\s@]+)/;
var KanikoLog = class {
  #instruction;
  #output = [];
  #fetching;
  #mirrors = [];
  #error;
  #isRunning = false;
  #steps = 0;
  #cache;
  #authored;
  /**
   * @param cache the repository of the layer cache, if there is one
   * @param authored see `authoredTexts`
   */
  constructor(cache, authored = /* @__PURE__ */ new Map()) {
    this.#cache = cache === void 0 ? void 0 : hubName(cache);
    this.#authored = authored;
  }
  /**
   * @param line one line of the container's log, without its end
   * @returns the lines to show in its place, and the event that it was
   */
  read(line) {
    const found = this.#record(line);
    if (found === void 0) {
      this.#keep(line);
      return { lines: [line] };
    }
    const { before, record: record2 } = found;
    const lines = before === "" ? [] : [before];
    if (before !== "") this.#keep(before);
    if (this.#isOfCache(record2)) return { lines };
    this.#forgetError();
    if (record2.level === "fatal") this.#error = shorten(record2.message);
    const shown3 = this.#show(record2);
    return { ...shown3, lines: [...lines, ...shown3.lines] };
  }
  get progress() {
    return {
      output: this.#output,
      mirrors: this.#mirrors,
      ...this.#instruction === void 0 ? {} : { instruction: this.#instruction },
      ...this.#fetching === void 0 ? {} : { fetching: this.#fetching },
      ...this.#error === void 0 ? {} : { error: this.#error }
    };
  }
  #record(line) {
    const begin2 = line.length <= LONGEST_RECORD && line.endsWith(RECORD_ENDS) ? line.lastIndexOf(RECORD_BEGINS) : -1;
    const record2 = begin2 === -1 ? void 0 : parseRecord(line.slice(begin2));
    if (record2 === void 0) return void 0;
    const counts = !this.#isRunning || RUN_ENDED.test(record2.message) || this.#isOfCache(record2);
    return counts ? { before: line.slice(0, begin2), record: record2 } : void 0;
  }
  #isOfCache({ message }) {
    const reference = hubName(TO_CACHE.exec(message.slice(0, LONGEST_WORDS))?.[1] ?? "");
    return this.#cache !== void 0 && reference.replace(/:[^:/]*$/, "") === this.#cache;
  }
  #show({ level, message }) {
    if (RUN_ENDED.test(message)) this.#isRunning = false;
    if (message.startsWith(RUNNING)) {
      this.#isRunning = true;
      return { lines: [] };
    }
    if (INSTRUCTION.test(message)) {
      const text3 = this.#authored.get(message) ?? message;
      this.#begin(text3);
      return { lines: [`Step ${++this.#steps}: ${text3}`], event: { kind: "instruction", text: text3 } };
    }
    const words = message.slice(0, LONGEST_WORDS);
    const [, base] = /^Building stage '(.*)' \[idx: /.exec(words) ?? [];
    if (base !== void 0) {
      return { lines: [`Step ${++this.#steps}: FROM ${base}`], event: { kind: "stage", base } };
    }
    const [, fetching] = /^Retrieving image manifest (\S+)$/.exec(words) ?? [];
    if (fetching !== void 0) {
      this.#fetching = fetching;
      this.#mirrors = [];
      return { lines: [], event: { kind: "fetching", reference: fetching } };
    }
    const [, pushing] = /^Pushing image to (\S+)$/.exec(words) ?? [];
    if (pushing !== void 0) {
      this.#begin(void 0);
      return { lines: [`Pushing ${pushing}`], event: { kind: "pushing", reference: pushing } };
    }
    const [, pushed] = /^Pushed (\S+)$/.exec(words) ?? [];
    if (pushed !== void 0) return { lines: [`Pushed ${pushed}`], event: { kind: "pushed", reference: pushed } };
    if (words.startsWith("Skipping push to container registry")) return { lines: [], event: { kind: "left" } };
    const [, why] = /from remapped registry \S+: (.*)\. Will try with the next registry/.exec(words) ?? [];
    if (why !== void 0) this.#mirrors.push(why);
    return { lines: level === "info" || level === "debug" ? [] : [`${level}: ${message.replace(NEXT_REGISTRY, "")}`] };
  }
  #begin(instruction) {
    this.#instruction = instruction === void 0 ? void 0 : shorten(instruction);
    this.#output = [];
    this.#fetching = void 0;
    this.#mirrors = [];
  }
  /**
   * Standard output and error are two streams, and only each of them is in order: what a RUN printed last may come after
   * Kaniko's last words. It is output all the same.
   */
  #keep(line) {
    if (!LAST_WORDS.test(line)) {
      this.#output = [...this.#output, shorten(line)].slice(-KEPT_LINES);
      return;
    }
    this.#forgetError();
    this.#error = shorten(line);
  }
  /** It was not the end: a RUN printed what looked like Kaniko's last words. */
  #forgetError() {
    if (this.#error !== void 0) this.#output = [...this.#output, this.#error].slice(-KEPT_LINES);
    this.#error = void 0;
  }
};
function parseRecord(text3) {
  let found;
  try {
    found = Object(JSON.parse(text3));
  } catch {
    return void 0;
  }
  const { level, msg, time } = found;
  if (Object.keys(found).join(",") !== RECORD_KEYS || typeof time !== "string") return void 0;
  return typeof level === "string" && typeof msg === "string" ? { level, message: msg } : void 0;
}
function shorten(text3) {
  return text3.length <= LONGEST_WORDS ? text3 : `${text3.slice(0, LONGEST_WORDS)}\u2026`;
}
function hubName(reference) {
  return reference.replace(/^index\.docker\.io\//, "docker.io/");
}

// packages/builder/src/engines/kaniko/prepare.ts
var import_node_fs5 = require("node:fs");

// packages/builder/src/engines/kaniko/changes.ts
function changeOf({ line, lastLine, isTrigger }, text3 = "") {
  return { firstLine: line, lastLine, text: isTrigger === true && text3 !== "" ? `ONBUILD ${text3}` : text3 };
}
function applyChanges(text3, changes) {
  if (changes.length === 0) return text3;
  const lines = text3.split("\n");
  for (const { firstLine, lastLine, text: own } of changes) {
    for (let at2 = firstLine; at2 <= lastLine; at2++) lines[at2 - 1] = at2 === firstLine ? own : "";
  }
  return lines.join("\n");
}

// packages/builder/src/engines/kaniko/named-links.ts
var import_node_path9 = require("node:path");

// packages/builder/src/dockerfile/sources.ts
var import_node_path8 = require("node:path");
function contextCopies(stage) {
  let place2 = BASE;
  return stage.steps.flatMap(({ instruction, variables }) => {
    const { keyword, flags, args, escape } = instruction;
    if (keyword === "WORKDIR") place2 = within(place2, resolve(args, variables, escape));
    if (keyword !== "COPY" && keyword !== "ADD" || flags.some((flag) => flag.startsWith("--from="))) return [];
    const words = wordsOf2(instruction);
    const resolved = words.slice(0, -1).flatMap((word) => isElsewhere(word) ? [] : [resolve(word, variables, escape)]);
    const known = resolved.filter((word) => word !== void 0);
    const isComplete = known.length === words.length - 1;
    const destination = within(place2, resolve(words.at(-1) ?? "", variables, escape));
    const sources = [...new Set(known.filter((word) => !isElsewhere(word)).map(inContext))];
    return [{ instruction, stage: stage.index, destination, sources, isComplete }];
  });
}
var BASE = "/\0";
var LONGEST_PATH = 4096;
function within(place2, path8) {
  if (place2 === void 0 || path8 === void 0 || path8.split("/").includes("..")) return void 0;
  const joined2 = import_node_path8.posix.join(path8.startsWith("/") ? "/" : place2, /^\.?$|\/\.$/.test(path8) ? `${path8}/` : path8);
  return joined2.length > LONGEST_PATH ? void 0 : joined2;
}
function isElsewhere(word) {
  return /^(?:[a-z]+:\/\/|git@)/i.test(word) || readHeredoc(word) !== void 0;
}
function inContext(word) {
  return import_node_path8.posix.normalize(`/${word}`).replace(/^\/|\/$/g, "").replace(/\/$/, "");
}
function namedBy(source, entries) {
  const glob = isPattern(source) ? readGlob(source) : void 0;
  if (glob !== void 0) return entries.filter(({ path: path8 }) => matches(glob, path8));
  const found = byPath(entries).get(source);
  return found === void 0 ? [] : [found];
}
var indexes = /* @__PURE__ */ new WeakMap();
function byPath(entries) {
  const index = indexes.get(entries) ?? new Map(entries.map((entry2) => [entry2.path, entry2]));
  indexes.set(entries, index);
  return index;
}
function isPattern(source) {
  return /[*?[\\]/.test(source) && readGlob(source) !== void 0;
}

// packages/builder/src/dockerfile/stages.ts
var MOST_TRIGGERS = 4e3;
function readStages(dockerfileText, buildArgs = {}) {
  const given = new Map(Object.entries(buildArgs).filter(([, value]) => value !== ""));
  const globals = new Map(given);
  const stages = [];
  let variables = /* @__PURE__ */ new Map();
  const ends = [];
  const named3 = /* @__PURE__ */ new Map();
  let triggerCount = 0;
  for (const instruction of parseDockerfile(dockerfileText)) {
    const stage = stages.at(-1);
    if (instruction.keyword === "FROM") {
      if (stage !== void 0) ends[stage.index] = variables;
      const next = begin(instruction, stages.length, named3, globals);
      variables = (typeof next.base === "number" ? ends[next.base] : void 0) ?? /* @__PURE__ */ new Map();
      const steps = [{ instruction, variables: globals }];
      for (const trigger of triggersOf(next, stages)) {
        if (++triggerCount > MOST_TRIGGERS) break;
        steps.push({ instruction: trigger, variables });
        variables = variablesAfter(trigger, variables, given, globals);
      }
      stages.push({ ...next, steps });
      if (next.name !== void 0) named3.set(next.name.toLowerCase(), next.index);
    } else if (stage === void 0) {
      if (instruction.keyword === "ARG") readArguments(instruction, given, globals);
    } else {
      stage.steps.push({ instruction, variables });
      variables = variablesAfter(instruction, variables, given, globals);
    }
  }
  return stages;
}
function begin({ args, escape }, index, named3, globals) {
  const [from = "", as2, name2] = splitList(args);
  const reference = expand(from, globals, escape);
  const isKnown = reference !== "" && !reference.includes("$");
  return {
    index,
    name: as2?.toLowerCase() === "as" ? name2 : void 0,
    base: isKnown ? named3.get(reference.toLowerCase()) ?? reference : void 0
  };
}
function triggersOf(stage, stages) {
  return baseOf(stage, stages)?.steps.flatMap(({ instruction }) => instruction.trigger ?? []) ?? [];
}
function findStage(name2, stages) {
  return stages.findLast((stage) => stage.name?.toLowerCase() === name2.toLowerCase());
}
function lineage(stage, stages) {
  const line = [stage];
  for (let next = baseOf(stage, stages); next !== void 0; next = baseOf(next, stages)) line.push(next);
  return line;
}
function baseOf({ base }, stages) {
  return typeof base === "number" ? stages[base] : void 0;
}
function fromOf({ keyword, flags, trigger }) {
  const own = flags.flatMap((flag) => {
    if (keyword === "RUN") return /^--mount=(?:.*,)?from=([^,]*)/i.exec(flag)?.[1] ?? [];
    return keyword === "COPY" ? /^--from=(.*)$/.exec(flag)?.[1] ?? [] : [];
  });
  return trigger === void 0 ? own : [...own, ...fromOf(trigger)];
}
function stageOf(from, stage, stages) {
  const earlier = stages.slice(0, stage.index);
  return /^\+?\d+$/.test(from) ? earlier[Number(from)] : findStage(from, earlier);
}
function usedStages(stages) {
  const used = /* @__PURE__ */ new Set();
  const ahead = stages.slice(-1);
  for (let stage = ahead.pop(); stage !== void 0; stage = ahead.pop()) {
    if (used.has(stage)) continue;
    used.add(stage);
    const froms = stage.steps.flatMap(({ instruction }) => fromOf(instruction));
    if (stage.base === void 0 || froms.some((from) => from.includes("$"))) return stages;
    const own = stage;
    ahead.push(...[baseOf(stage, stages) ?? [], froms.flatMap((from) => stageOf(from, own, stages) ?? [])].flat());
  }
  return stages.filter((stage) => used.has(stage));
}

// packages/builder/src/engines/kaniko/unsupported.ts
var KANIKO_FORKS = ["google", "chainguard", "osscontainertools"];
var NEWER_FORK = "or configure a Kaniko image of the osscontainertools fork";
function findUnsupported(used, stages, fork, platform2) {
  return used.flatMap(
    (stage) => stage.steps.flatMap(({ instruction, variables }) => {
      const verdict = judge({ instruction, variables, stage, stages, fork, platform: platform2 });
      return verdict === void 0 ? [] : [finding(instruction, verdict)];
    })
  );
}
function finding({ line, text: text3 }, verdict) {
  return { line, instruction: shorten2(text3), ...verdict };
}
function judge(found) {
  const { keyword } = found.instruction;
  if (keyword === "FROM") return judgeName(found) ?? judgePlatform(found);
  if (keyword === "RUN") return judgeMount(found);
  if (keyword !== "COPY" && keyword !== "ADD") return void 0;
  return judgeFlags(found) ?? judgeGitSource(found) ?? judgeUnpacking(found.instruction) ?? judgeRoot(found) ?? judgeTrigger(found);
}
function judgeTrigger({ instruction, stage, stages, fork }) {
  const isStage = fromOf(instruction).some((from) => stageOf(from, stage, stages) !== void 0);
  if (instruction.isTrigger !== true || !isStage || fork === "osscontainertools") return void 0;
  return {
    problem: `the ${fork} fork of Kaniko finds no file of another stage for an ONBUILD`,
    advice: `Write the COPY into the stage that builds on this one, ${NEWER_FORK}.`
  };
}
function judgeName({ instruction, stage: { index, name: name2 }, stages }) {
  const same = stages.find((other) => other.index < index && other.name?.toLowerCase() === name2?.toLowerCase());
  if (name2 === void 0 || same?.steps[0] === void 0 || instruction === stages.at(-1)?.steps[0]?.instruction) {
    return void 0;
  }
  return {
    problem: `Kaniko takes the stage of line ${same.steps[0].instruction.line} for this one, which has the same name`,
    advice: "Give each stage a name of its own."
  };
}
function judgePlatform({ instruction, variables, stage, platform: platform2 }) {
  const written = valueOf(instruction, "platform") ?? "";
  const wanted = expand(written, variables, instruction.escape);
  if (wanted === "" || typeof stage.base === "number") return void 0;
  const parts = wanted.toLowerCase().split("/");
  const [os7 = "", architecture = platform2.architecture] = parts.length === 1 && parts[0] !== "linux" ? ["linux", ...parts] : parts;
  if (os7 === platform2.os && (ARCHITECTURES[architecture] ?? architecture) === platform2.architecture) return void 0;
  return {
    problem: `Kaniko ignores --platform=${wanted}: the image would be that of ${platform2.os}/${platform2.architecture}`,
    advice: "Leave it out, or name an image of that platform by its digest."
  };
}
var ARCHITECTURES = {
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  i386: "386"
};
function judgeMount({ instruction, fork }) {
  const mounts = instruction.flags.filter((flag) => flag.startsWith("--mount")).map((flag) => new Map(flag.slice("--mount=".length).split(",").map(splitOption)));
  const typeOf = (mount) => mount.get("type") ?? "bind";
  const isLeftOut = (mount) => typeOf(mount) === "secret" && ["false", "0", void 0].includes(requirement(mount));
  if (fork !== "osscontainertools") {
    if (mounts.every(isLeftOut)) return void 0;
    const isBuiltByNewer = mounts.every((mount) => judgeNewMount(mount, typeOf(mount)) === void 0);
    return {
      problem: `the ${fork} fork of Kaniko ignores RUN --mount: the command would run without the mount`,
      advice: `Leave the mount out, ${isBuiltByNewer ? `COPY what it brought, ${NEWER_FORK}` : "or COPY what it brought"}.`
    };
  }
  return mounts.map((mount) => judgeNewMount(mount, typeOf(mount))).find((verdict) => verdict !== void 0);
}
function requirement(mount) {
  return mount.get("required")?.toLowerCase();
}
function judgeNewMount(mount, type2) {
  if (type2 === "tmpfs") {
    return {
      problem: "Kaniko ignores RUN --mount=type=tmpfs: what the command leaves there would be in the image",
      advice: "Leave the mount out, and remove at the end of the same RUN what it leaves."
    };
  }
  if (mount.has("from") && (type2 === "bind" || type2 === "cache")) {
    const problem = type2 === "bind" ? "Kaniko skips RUN --mount=type=bind with from=: the command would run without the mount" : "Kaniko ignores from= of RUN --mount=type=cache: the cache would be empty";
    return { problem, advice: "COPY --from= what it needs." };
  }
  const target = mount.get("target") ?? mount.get("dst") ?? mount.get("destination") ?? "";
  if (type2 !== "bind" || !/^\.?\/?$/.test(target) || !(mount.has("rw") || mount.has("readwrite"))) return void 0;
  return {
    problem: "Kaniko cannot mount over the working directory, and fails",
    advice: "COPY what the command needs, or mount it at a directory of its own."
  };
}
function judgeFlags({ instruction, variables, fork }) {
  const { keyword } = instruction;
  if (hasFlag(instruction, "parents")) {
    return {
      problem: `Kaniko ignores ${keyword} --parents: the files would lie in the wrong directories`,
      advice: "Write one COPY for each directory."
    };
  }
  if (hasFlag(instruction, "exclude")) {
    return {
      problem: `Kaniko ignores ${keyword} --exclude: the excluded files would be in the image`,
      advice: "Exclude them in .dockerignore."
    };
  }
  if (keyword === "ADD" && hasFlag(instruction, "checksum")) {
    return {
      problem: "Kaniko ignores ADD --checksum: the download would not be verified",
      advice: "Download it in a RUN and verify it there, for example with sha256sum -c."
    };
  }
  const mode = resolve(valueOf(instruction, "chmod") ?? "", variables, instruction.escape) ?? "";
  if (fork === "osscontainertools" || mode === "") return void 0;
  if (/^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) < 512 : false) return void 0;
  const problem = /^[0-7]+$/.test(mode) ? `the ${fork} fork of Kaniko drops the first digit of --chmod=${mode}` : `the ${fork} fork of Kaniko takes only octal modes in --chmod`;
  return { problem, advice: `Set the mode by chmod in a RUN, ${NEWER_FORK}.` };
}
function judgeGitSource({ instruction, variables }) {
  const isGit = (word) => /^(git@|git:\/\/|ssh:\/\/|https?:\/\/\S+\.git([#?]|$))/.test(resolve(word, variables, instruction.escape) ?? word);
  if (instruction.keyword !== "ADD" || !wordsOf2(instruction).some(isGit)) return void 0;
  return {
    problem: "Kaniko does not clone in ADD: it would add the web page behind the address as a file",
    advice: "Clone it in a RUN."
  };
}
function judgeUnpacking(instruction) {
  const value = valueOf(instruction, "unpack");
  if (instruction.keyword !== "ADD" || value === void 0) return void 0;
  const unpacks = value === "" || ["true", "1"].includes(value.toLowerCase());
  const isLocal = (word) => !/^[a-z]+:\/\//i.test(word);
  if (!wordsOf2(instruction).slice(0, -1).some((word) => isLocal(word) !== unpacks))
    return void 0;
  return unpacks ? {
    problem: "Kaniko ignores ADD --unpack: what it downloads would stay an archive",
    advice: "Download and unpack it in a RUN."
  } : {
    problem: "Kaniko ignores ADD --unpack=false: an archive would be unpacked",
    advice: "Write COPY in place of ADD."
  };
}
function judgeRoot({ instruction, stage, stages }) {
  const isStage = fromOf(instruction).some((from) => stageOf(from, stage, stages) !== void 0);
  if (!isStage || !wordsOf2(instruction).slice(0, -1).some((word) => /^\.?\/+\.?$/.test(word)))
    return void 0;
  return {
    problem: "Kaniko cannot copy the root of another stage, and fails at /proc",
    advice: "Name the directories that are needed, one COPY --from= for each."
  };
}
function hasFlag(instruction, name2) {
  return instruction.flags.some(
    (flag) => flag === `--${name2}` || flag.startsWith(`--${name2}=`) && !flag.endsWith("=false")
  );
}
function valueOf({ flags }, name2) {
  const flag = flags.findLast((word) => word === `--${name2}` || word.startsWith(`--${name2}=`));
  return flag?.slice(name2.length + 3);
}
function splitOption(option) {
  const [name2 = "", value = ""] = option.split("=", 2);
  return [name2.trim().toLowerCase(), value];
}
function shorten2(text3) {
  const one = text3.replace(/\s+/g, " ");
  return one.length > 200 ? `${one.slice(0, 199)}\u2026` : one;
}

// packages/builder/src/engines/kaniko/named-links.ts
var MAX_LINKS2 = 40;
var MAX_ENTRIES = 2e5;
var MAX_FINDINGS = 20;
function followNamedLinks({ entries }, copies, fork) {
  const tree = new Tree(entries);
  const findings = [];
  const replaced2 = /* @__PURE__ */ new Map();
  const wanted = copies.flatMap((copy) => copy.sources.map((source) => ({ copy, named: namedBy(source, entries), source })));
  const along = /* @__PURE__ */ new Map();
  for (const { copy, named: named3, source } of wanted) {
    const directories = source === "" ? [""] : named3.flatMap(({ kind, path: path8 }) => kind === "directory" ? path8 : []);
    for (const directory of directories) along.set(directory, [...along.get(directory) ?? [], { copy, directory }]);
  }
  const takenAlong = (path8) => {
    if (along.size === 0) return [];
    const parts = parentOf(path8);
    return ["", ...parts.map((_2, at2) => parts.slice(0, at2 + 1).join("/"))].flatMap((above) => along.get(above) ?? []);
  };
  let count = 0;
  for (const { copy, named: named3, source } of wanted) {
    for (const link of named3) {
      if (link.kind !== "symlink" || findings.length === MAX_FINDINGS) continue;
      const target = tree.follow(link);
      if (target === void 0) {
        if (!isPattern(source)) findings.push(finding(copy.instruction, leadsNowhere(link)));
        continue;
      }
      const others = takenAlong(link.path);
      const [other] = others;
      if (other === void 0) {
        if (replaced2.has(link.path)) continue;
        const place2 = tree.inPlaceOf(link, target, MAX_ENTRIES - count);
        count += place2.length;
        replaced2.set(link.path, place2);
        if (count >= MAX_ENTRIES) return { entries, findings: [finding(copy.instruction, tooMany(link))] };
      } else if (!others.some((beside) => tree.isFile(target) && holds(link, target, copy, beside))) {
        findings.push(finding(copy.instruction, bothWays(link, target, other.copy)));
      }
    }
  }
  if (fork === "osscontainertools" && along.size > 0) {
    for (const link of entries) {
      if (link.kind !== "symlink" || findings.length === MAX_FINDINGS || !tree.isCircle(link)) continue;
      const [found] = takenAlong(link.path);
      if (found !== void 0) findings.push(finding(found.copy.instruction, circle(link)));
    }
  }
  if (replaced2.size === 0) return { entries, findings };
  const sent = entries.flatMap((entry2) => replaced2.get(entry2.path) ?? [entry2]);
  return { entries: sent.sort((a, b2) => a.path < b2.path ? -1 : 1), findings };
}
function judgePatterns(copies, entries) {
  const index = byPath(entries);
  return copies.flatMap(
    ({ instruction, sources }) => sources.flatMap((source) => {
      if (!isPattern(source)) return [];
      const parts = source.split("/");
      const literal3 = parts.slice(
        0,
        Math.max(
          parts.findIndex((part) => /[*?[\\]/.test(part)),
          0
        )
      );
      const link = literal3.map((_2, at2) => literal3.slice(0, at2 + 1).join("/")).find((path8) => index.get(path8)?.kind === "symlink");
      if (link === void 0) return [];
      return finding(instruction, {
        problem: `${source} is a pattern behind the symbolic link ${link}, which Kaniko does not follow there`,
        advice: "Name the directory to which it leads."
      });
    })
  );
}
function holds(link, target, copy, { copy: other, directory }) {
  const { destination: at2 } = copy;
  const { destination: root } = other;
  if (at2 === void 0 || root === void 0 || link.target.startsWith("/")) return false;
  if (copy.stage !== other.stage || other.instruction.line > copy.instruction.line) return false;
  if (directory !== "" && !target.startsWith(`${directory}/`)) return false;
  const own = directory === "" ? target : target.slice(directory.length + 1);
  return import_node_path9.posix.join(at2.endsWith("/") ? at2 : import_node_path9.posix.dirname(at2), link.target) === import_node_path9.posix.join(root, own);
}
function tooMany(link) {
  return {
    problem: `with what ${link.path} leads to, more than ${MAX_ENTRIES} files would be sent in the place of symbolic links`,
    advice: "Name the directories that they lead to."
  };
}
function leadsNowhere(link) {
  return {
    problem: `${link.path} is a symbolic link that leads to nothing in the build context, where Docker fails and Kaniko copies the link`,
    advice: "Put what it should lead to beside the Dockerfile, or make the link in a RUN by ln -s."
  };
}
function bothWays(link, target, other) {
  return {
    problem: `${link.path} is a symbolic link, of which Docker copies what it leads to, and line ${other.instruction.line} copies the directory with the link in it; Kaniko would copy the link both times`,
    advice: `Name ${target === "" ? "." : target} here in place of ${link.path}.`
  };
}
function circle(link) {
  return {
    problem: `${link.path} is a symbolic link that leads back to itself, and Kaniko fails on it`,
    advice: "Remove it, or leave it out by .dockerignore."
  };
}
var Tree = class {
  #entries;
  #byPath;
  constructor(entries) {
    this.#entries = entries;
    this.#byPath = byPath(entries);
  }
  /** The path that a link leads to, as if the context were all there is; undefined when nothing is there. */
  follow(link) {
    const found = this.#walk(link);
    return found === "circle" ? void 0 : found?.path;
  }
  isCircle(link) {
    return this.#walk(link) === "circle";
  }
  isFile(path8) {
    return this.#byPath.get(path8)?.kind === "file";
  }
  /** What lies at a path, moved to that of the link; `limit` of it at most. */
  inPlaceOf({ path: path8 }, target, limit) {
    const moved = (entry2) => {
      const place2 = { ...entry2, path: path8 + entry2.path.slice(target.length) };
      return place2.kind === "file" ? { ...place2, source: place2.source ?? entry2.path } : place2;
    };
    const own = this.#byPath.get(target);
    const found = own === void 0 ? [] : [moved(own)];
    if (own?.kind !== "directory") return found;
    const below2 = `${target}/`;
    for (let at2 = this.#firstFrom(below2); found.length < limit; at2++) {
      const entry2 = this.#entries[at2];
      if (entry2?.path.startsWith(below2) !== true) break;
      found.push(moved(entry2));
    }
    return found;
  }
  /** Entries are in the order of their paths. */
  #firstFrom(path8) {
    let low = 0;
    for (let high = this.#entries.length; low < high; ) {
      const middle = low + high >> 1;
      if ((this.#entries[middle]?.path ?? "") < path8) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #walk(link) {
    let ahead = [...parentOf(link.path), ...link.target.split("/")];
    if (link.target.startsWith("/")) ahead = link.target.split("/");
    const done = [];
    let links = 1;
    for (let part = ahead.shift(); part !== void 0; part = ahead.shift()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        done.pop();
        continue;
      }
      const entry2 = this.#byPath.get([...done, part].join("/"));
      if (entry2 === void 0) return void 0;
      if (entry2.kind !== "symlink") {
        done.push(part);
        continue;
      }
      if (++links > MAX_LINKS2) return "circle";
      if (entry2.target.startsWith("/")) done.length = 0;
      ahead = [...entry2.target.split("/"), ...ahead];
    }
    return done.length === 0 ? void 0 : { path: done.join("/") };
  }
};
function parentOf(path8) {
  return path8.split("/").slice(0, -1);
}

// packages/builder/src/engines/kaniko/platform-arguments.ts
function platformArguments(instructions, platform2, fork, buildArgs) {
  const firstStage = instructions.findIndex(({ keyword }) => keyword === "FROM");
  const declared = instructions.flatMap(({ trigger, ...own }, at2) => {
    const instruction = trigger ?? own;
    return instruction.keyword === "ARG" ? argumentsOf(instruction).map((argument) => ({ ...argument, instruction, isGlobal: at2 < firstStage })) : [];
  });
  const values = {};
  const findings = [];
  for (const [name2, value] of Object.entries(platformValues(platform2))) {
    const own = declared.filter((argument) => argument.name === name2);
    const withDefault = own.filter((argument) => argument.value !== void 0);
    const bare = own.find((argument) => argument.value === void 0)?.instruction;
    const reference = new RegExp(`\\$(?:${name2}\\b|\\{${name2}\\W)`);
    const from = instructions.find(({ keyword, text: text3 }, at2) => {
      return (keyword === "FROM" || keyword === "ARG" && at2 < firstStage) && reference.test(text3);
    });
    const wanted = bare ?? from;
    if (wanted === void 0 || buildArgs[name2] !== void 0 || withDefault.some(({ isGlobal }) => isGlobal)) continue;
    const [other] = withDefault;
    if (other === void 0) values[name2] = value;
    else if (fork !== "osscontainertools") {
      findings.push({
        line: other.instruction.line,
        instruction: other.instruction.text,
        problem: `Kaniko has one value of ${name2} for all stages, and line ${wanted.line} wants that of the platform`,
        advice: `Leave the default out, or name the argument otherwise here.`
      });
    }
  }
  return { values, findings };
}
function platformValues({ os: os7, architecture, variant: variant2 }) {
  const own = {
    PLATFORM: [os7, architecture, ...variant2 === void 0 ? [] : [variant2]].join("/"),
    OS: os7,
    ARCH: architecture,
    ...variant2 === void 0 ? {} : { VARIANT: variant2 }
  };
  return Object.fromEntries(
    ["TARGET", "BUILD"].flatMap((side) => Object.entries(own).map(([name2, value]) => [`${side}${name2}`, value]))
  );
}

// packages/builder/src/engines/kaniko/entry-points.ts
function inCapitals2(used) {
  return used.flatMap(({ steps }) => steps).filter(({ instruction: { keyword, text: text3 } }) => {
    return ["CMD", "ENTRYPOINT"].includes(keyword) && !text3.startsWith(keyword);
  }).map(
    ({ instruction }) => changeOf(instruction, instruction.keyword + instruction.text.slice(instruction.keyword.length))
  );
}
function withoutOverruledCommands(used, stages, fork) {
  const last = used.at(-1);
  if (last === void 0 || fork !== "osscontainertools") return [];
  const line = lineage(last, stages);
  const has = ({ steps }, keyword) => steps.some(({ instruction }) => instruction.keyword === keyword);
  const overruling = line.findIndex((stage) => has(stage, "ENTRYPOINT") && !has(stage, "CMD"));
  if (overruling === -1) return [];
  return line.slice(overruling + 1).flatMap(
    ({ steps }) => steps.filter(({ instruction }) => instruction.keyword === "CMD").map(({ instruction }) => changeOf(instruction))
  );
}

// packages/builder/src/engines/kaniko/heredocs.ts
var import_node_crypto7 = require("node:crypto");

// packages/builder/src/engines/kaniko/words.ts
var import_node_path10 = require("node:path");
var MOST_PORTS = 5e3;
function rewriteWords(used) {
  const changes = [];
  const findings = [];
  const warnings = [];
  for (const step of used.flatMap(({ steps }) => steps)) {
    const { instruction } = step;
    const written = writtenAs(step);
    if (typeof written === "string") changes.push(changeOf(instruction, written));
    else if (written !== void 0) findings.push(finding(instruction, written));
    if (instruction.keyword === "EXPOSE" && hasTooMany(portsAt(step))) {
      warnings.push(`line ${instruction.line}: Kaniko notes so many ports as one with an odd name`);
    }
  }
  return { changes, findings, warnings };
}
function hasTooMany(ports) {
  return ports.length > MOST_PORTS || ports.some((port) => /^\d+-\d+(?:\/|$)/.test(port));
}
function writtenAs(step) {
  const { keyword } = step.instruction;
  if (keyword === "EXPOSE") return exposed(step);
  if (keyword === "USER") return named(step);
  return keyword === "COPY" || keyword === "ADD" ? copied(step) : void 0;
}
function named({ instruction: { args, escape }, variables }) {
  if (!/\$\{[^}$]*:/.test(args)) return void 0;
  const user = resolve(args, variables, escape);
  if (user !== void 0) return /^[\w.:-]+$/.test(user) ? `USER ${user}` : void 0;
  return {
    problem: "Kaniko cuts the user from the group at the first colon, which is within ${\u2026} here",
    advice: "Give the variable a value by ARG or ENV in this stage, or write the name or number itself."
  };
}
function exposed(step) {
  const ports = portsAt(step);
  const text3 = ports.length === 0 ? "" : `EXPOSE ${ports.join(" ")}`;
  return text3 === `EXPOSE ${wordsOf2(step.instruction).join(" ")}` || ports.length > MOST_PORTS ? void 0 : text3;
}
function portsAt({ instruction, variables }) {
  return wordsOf2(instruction).flatMap((word) => portsOf(resolve(word, variables, instruction.escape) ?? word));
}
function portsOf(word) {
  const [, first, last = first, protocol = ""] = /^(?:[^$/]{0,99}:)?(\d{1,5})(?:-(\d{1,5}))?(\/[a-z]+)?$/i.exec(word) ?? [];
  if (word === "") return [];
  if (first === void 0 || Number(last) < Number(first) || Number(last) > 65535) return [word];
  const count = Number(last) - Number(first) + 1;
  if (count > MOST_PORTS) return [`${first}-${last}${protocol.toLowerCase()}`];
  return Array.from({ length: count }, (_2, at2) => `${Number(first) + at2}${protocol.toLowerCase()}`);
}
function copied({ instruction, variables }) {
  const { args, heredocs, isExec, escape } = instruction;
  if (heredocs.length > 0) return void 0;
  const flags = beforeArguments(instruction);
  const words = wordsOf2(instruction);
  const sources = words.slice(0, -1).map((word) => {
    const path8 = resolve(word, variables, escape);
    return path8 !== void 0 && leads(path8) ? escaped(import_node_path10.posix.normalize(`/${path8}`)) : word;
  });
  const isSame2 = sources.every((source, at2) => source === words[at2]);
  const list = [...sources, words.at(-1) ?? ""];
  const isList = isExec || list.some((word) => /\s/.test(word));
  return isSame2 && withOwner(flags) === flags ? void 0 : withOwner(flags) + (isSame2 ? args : isList ? JSON.stringify(list) : list.join(" "));
}
function leads(path8) {
  return path8.split("/").includes("..") && !/^(?:[a-z]+:\/\/|git@)/i.test(path8) && readHeredoc(path8) === void 0;
}
function escaped(path8) {
  return path8.replace(/[\\'"$]/g, "\\$&");
}
function withOwner(flags) {
  return flags.replace(/(\s--chown=["']?):/, "$10:");
}

// packages/builder/src/engines/kaniko/heredocs.ts
var LONGEST_LINE2 = 6e4;
var PLAIN_NAME = /^(?!\.\.?$)[\w.][\w.-]{0,99}$/;
function rewriteHeredocs(used, stages, fork) {
  const changes = [];
  const inlineFiles = /* @__PURE__ */ new Map();
  const findings = [];
  for (const stage of used) {
    for (const step of stage.steps) {
      const { instruction } = step;
      if (!instruction.heredocs.every(({ isEnded }) => isEnded) || instruction.heredocs.length === 0) continue;
      if (instruction.trigger !== void 0) continue;
      if (instruction.keyword !== "RUN" && fork === "osscontainertools") continue;
      const written = instruction.keyword === "RUN" ? writeRun(instruction, shellAt(step, stage, stages)) : writeCopy(step);
      if (typeof written === "string") {
        findings.push(finding(instruction, unknownDocument(written)));
        continue;
      }
      changes.push(changeOf(instruction, written.text));
      for (const file of written.inlineFiles) inlineFiles.set(file.path, file);
    }
  }
  return { changes, inlineFiles: [...inlineFiles.values()], findings };
}
function unknownDocument(why) {
  return {
    problem: `Kaniko drops here-documents of COPY and ADD, and this one cannot be sent as a file: ${why}`,
    advice: "Put the text into a file beside the Dockerfile and COPY it, or configure a Kaniko image of the osscontainertools fork."
  };
}
function writeRun(instruction, shell) {
  const { args, heredocs } = instruction;
  const before = beforeArguments(instruction);
  const [first] = heredocs;
  const isAlone = first !== void 0 && readHeredoc(args) !== void 0;
  const content = isAlone ? contentOf(first) : [args, ...heredocs.map(({ body, name: name2 }) => body + name2)].join("\n");
  const isProgram = isAlone && first.body.startsWith("#!");
  const words = shell === void 0 || isProgram ? void 0 : JSON.stringify([...shell, content]);
  if (words !== void 0 && Buffer.byteLength(before + words) < LONGEST_LINE2)
    return { text: before + words, inlineFiles: [] };
  const file = inlineFile(first, content, isProgram ? 493 : 420);
  const path8 = `${CONTEXT_TREE}/${file.path}`;
  const command = isProgram ? path8 : `. ${path8}`;
  return { text: before + (shell === void 0 ? command : JSON.stringify([...shell, command])), inlineFiles: [file] };
}
function shellAt(step, stage, stages) {
  const before = lineage(stage, stages).flatMap(
    ({ index, steps }) => (index === stage.index ? steps.slice(0, steps.indexOf(step)) : steps).toReversed()
  );
  const shell = before.find(({ instruction: { keyword, isExec } }) => keyword === "SHELL" && isExec)?.instruction;
  return shell === void 0 ? void 0 : JSON.parse(shell.args);
}
function writeCopy({ instruction, variables }) {
  const { args, heredocs } = instruction;
  if (fromOf(instruction).length > 0) return "it stands beside --from=";
  const words = splitList(args);
  const named3 = new Map(heredocs.map((heredoc) => [heredoc.name, heredoc]));
  const inlineFiles = [];
  const paths = [];
  for (const word of words) {
    const begun = readHeredoc(word);
    if (begun === void 0) {
      const path8 = resolve(word, variables, instruction.escape);
      if (path8 === void 0 && word !== words.at(-1))
        return `what ${word} beside it stands for is known to the builder only`;
      if (isPattern(path8 ?? word) && word !== words.at(-1)) return `${word} beside it is a pattern`;
      paths.push(word);
      continue;
    }
    const heredoc = named3.get(begun.name);
    if (heredoc === void 0) return `${word} has no text`;
    const content = contentOf(heredoc);
    const filled = heredoc.isQuoted || !/[$\\]/.test(content) ? content : expandDocument(content, variables);
    if (filled === void 0) return "what its variables stand for is known to the builder only";
    if (!PLAIN_NAME.test(heredoc.name)) return `its name is ${JSON.stringify(heredoc.name)}`;
    const file = inlineFile(heredoc, filled, 420);
    inlineFiles.push(file);
  }
  if (inlineFiles.length < heredocs.length) return "it is not a word of its own";
  const flags = withOwner(beforeArguments(instruction));
  const sent = [...paths.slice(0, -1), ...inlineFiles.map(({ path: path8 }) => `../${path8}`), ...paths.slice(-1)];
  return { text: flags + sent.join(" "), inlineFiles };
}
function inlineFile(heredoc, content, mode) {
  const hash = (0, import_node_crypto7.createHash)("sha256").update(`${mode} ${content}`).digest("hex").slice(0, 16);
  const name2 = heredoc !== void 0 && PLAIN_NAME.test(heredoc.name) ? heredoc.name : "script";
  return { path: `${PACKED.inline}/${hash}/${name2}`, mode, content };
}

// packages/builder/src/engines/kaniko/labels.ts
function rewriteLabels(used, fork) {
  const changes = [];
  const warnings = [];
  const steps = fork === "osscontainertools" ? used.flatMap((stage) => stage.steps) : [];
  for (const step of steps) {
    if (step.instruction.keyword !== "LABEL") continue;
    const { line, escape } = step.instruction;
    const pairs5 = pairsOf(step.instruction).map(([name2, written]) => ({
      name: name2,
      written,
      value: resolve(written, step.variables, escape)
    }));
    if (pairs5.every(({ value }) => value !== void 0 && !/[\\'"$]/.test(value))) continue;
    if (pairs5.some(({ name: name2, value }) => value === void 0 || !/^[\w./-]+$/.test(name2))) {
      if (pairs5.some(({ written }) => /[\\'"]/.test(written.replace(/^(["'])([^]*)\1$/, "$2")))) {
        warnings.push(`line ${line}: Kaniko takes quotes and backslashes out of the values of LABEL twice`);
      }
      continue;
    }
    const text3 = `LABEL ${pairs5.map(({ name: name2, value = "" }) => `${name2}=${escapeTwice(value)}`).join(" ")}`;
    changes.push(changeOf(step.instruction, text3));
  }
  return { changes, warnings };
}
function escapeTwice(value) {
  return `"${escaped(value).replace(/[\\"$]/g, "\\$&")}"`;
}

// packages/builder/src/engines/kaniko/places.ts
var OPEN_TO_ALL = ["/tmp", "/var/tmp"];
function judgePlaces(copies, entries, fork) {
  return copies.flatMap(({ instruction, destination, sources }) => {
    const place2 = destination === void 0 ? void 0 : withoutSlashes(destination);
    if (place2 === "/kaniko" || place2?.startsWith("/kaniko/") === true) {
      return finding(instruction, {
        problem: "Kaniko itself lies in /kaniko, and what is copied there is not in the image",
        advice: "Copy it to another directory."
      });
    }
    const isDirectory2 = (source) => source === "" || namedBy(source, entries).some(({ kind }) => kind === "directory");
    if (fork === "osscontainertools" || !OPEN_TO_ALL.includes(place2 ?? "") || !sources.some(isDirectory2)) return [];
    return finding(instruction, {
      problem: `the ${fork} fork of Kaniko gives ${place2 ?? ""} the mode of the directory that is copied, and others cannot write there`,
      advice: "Copy to a directory below it, or configure a Kaniko image of the osscontainertools fork."
    });
  });
}
function withoutSlashes(path8) {
  let end = path8.length;
  while (end > 0 && path8[end - 1] === "/") end--;
  return path8.slice(0, end);
}

// packages/builder/src/dockerfile/escape.ts
var EXPANDED = /* @__PURE__ */ new Set([
  ...["ADD", "ARG", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"]
]);
var DIRECTIVE2 = /^[ \t]*#[ \t]*escape[ \t]*=[ \t]*`[ \t]*\r?$/im;
function withBackslash(text3) {
  if (!DIRECTIVE2.test(text3)) return text3;
  const instructions = parseDockerfile(text3);
  const lines = text3.split("\n");
  const first = instructions[0]?.line ?? 0;
  const at2 = lines.slice(0, Math.max(first - 1, 0)).findIndex((line) => DIRECTIVE2.test(line));
  if (at2 === -1 || !continues(lines.slice(0, at2 + 1))) return text3;
  lines[at2] = "";
  for (const instruction of instructions) {
    const written = print(instruction);
    if (written.endsWith("\\")) return instruction;
    const bodies = instruction.heredocs.reduce((count, { body }) => count + body.split("\n").length, 0);
    const end = instruction.lastLine - bodies;
    const place2 = bodies === 0 ? instruction.line : end;
    for (let line = instruction.line; line <= end; line++) lines[line - 1] = line === place2 ? written : "";
  }
  return lines.join("\n");
}
function continues(lines) {
  return parseDockerfile([...lines, "RUN a `", "b"].join("\n")).length === 1;
}
function print(instruction) {
  const { keyword, text: text3, args, isExec, trigger } = instruction;
  if (trigger !== void 0) return beforeArguments(instruction) + print(trigger);
  if (!EXPANDED.has(keyword)) return text3;
  const words = isExec ? JSON.stringify(wordsOf2(instruction).map(withinWords)) : withinWords(args);
  return beforeArguments(instruction) + words;
}
function withinWords(words) {
  return words.replace(/'[^']*'|"(?:`[^]|[^"`])*"|`([^])|\\/g, (match, escaped3) => {
    if (escaped3 !== void 0) return `\\${escaped3}`;
    if (match === "\\") return "\\\\";
    return match.startsWith('"') ? withinQuotes(match) : match;
  });
}
function withinQuotes(text3) {
  return text3.replace(/`(["$`])|\\/g, (_2, escaped3) => {
    if (escaped3 === void 0) return "\\\\";
    return escaped3 === "`" ? escaped3 : `\\${escaped3}`;
  });
}

// packages/builder/src/engines/kaniko/ignored.ts
function findIgnored(used, stages, fork, buildArgs) {
  const older = fork === "osscontainertools" ? [] : used.flatMap((stage) => [
    ...findGroups(stage, stages),
    ...findArguments(stage, buildArgs),
    ...stage.steps.flatMap(({ instruction }) => findChangedModes(instruction))
  ]);
  const found = used.flatMap((stage) => [
    ...stage.steps.flatMap(({ instruction }) => ignoredIn(instruction)),
    ...findDirectories(stage)
  ]);
  return [...found, ...older].sort((a, b2) => a.line - b2.line).map(({ line, words }) => `line ${line}: ${words}`);
}
var BELOW_A_LINK = /^\/?(?:bin|sbin|lib|lib32|lib64|libx32|var\/run|var\/lock)\/.*[*?[]/;
function ignoredIn(instruction) {
  const { keyword, flags, line } = instruction;
  if (keyword === "RUN" && flags.includes("--network=none")) {
    return [{ line, words: "Kaniko ignores RUN --network=none, and the command has the network" }];
  }
  if (keyword === "HEALTHCHECK" && flags.some((flag) => flag.startsWith("--start-interval"))) {
    return [{ line, words: "Kaniko leaves HEALTHCHECK --start-interval out of the image" }];
  }
  const sources = wordsOf2(instruction).slice(0, -1);
  if (keyword === "COPY" && fromOf(instruction).length > 0 && sources.some((source) => BELOW_A_LINK.test(source))) {
    return [
      { line, words: "Kaniko finds nothing by a pattern of COPY --from= below a symbolic link, such as /bin of Debian" }
    ];
  }
  return [];
}
function findChangedModes(instruction) {
  if (instruction.keyword !== "COPY" || fromOf(instruction).length === 0) return [];
  const place2 = withoutSlashes(wordsOf2(instruction).at(-1) ?? "");
  if (!OPEN_TO_ALL.includes(place2)) return [];
  return [{ line: instruction.line, words: `where a directory is copied, Kaniko gives ${place2} the mode of that one` }];
}
function findDirectories({ steps }) {
  const of = (...keywords) => steps.find(({ instruction }) => keywords.includes(instruction.keyword))?.instruction;
  const directory = of("WORKDIR");
  if (directory === void 0 || of("RUN", "COPY", "ADD") !== void 0) return [];
  const { line } = directory;
  return [
    {
      line,
      words: "Kaniko makes the directory anew, as of root, also where the base image has it: no RUN, COPY or ADD is in the stage"
    }
  ];
}
function findGroups(stage, stages) {
  const ofBases = lineage(stage, stages).slice(1).flatMap(({ steps }) => steps.toReversed());
  const user = ofBases.find(({ instruction }) => instruction.keyword === "USER");
  let isGrouped = user !== void 0 && hasOtherGroup(user.instruction.args);
  return stage.steps.flatMap(({ instruction: { keyword, args, line } }) => {
    if (keyword === "USER") isGrouped = hasOtherGroup(args);
    if (keyword !== "RUN" || !isGrouped) return [];
    return [{ line, words: "Kaniko runs the command with the groups of the user, without the group that USER names" }];
  });
}
function hasOtherGroup(user) {
  const [name2, group2] = user.split(":");
  return group2 !== void 0 && name2 !== group2 && !(name2 === "0" && group2 === "root") && !(name2 === "root" && group2 === "0");
}
function findArguments({ steps }, buildArgs) {
  const set2 = /* @__PURE__ */ new Set();
  return steps.flatMap(({ instruction }) => {
    const { keyword, line } = instruction;
    if (keyword === "ENV") for (const [name2] of pairsOf(instruction)) set2.add(name2);
    if (keyword !== "ARG") return [];
    return argumentsOf(instruction).filter(({ name: name2, value }) => set2.has(name2) && (value ?? buildArgs[name2]) !== void 0).map(({ name: name2 }) => ({ line, words: `Kaniko takes the value of ENV ${name2} and not that of this ARG` }));
  });
}

// packages/builder/src/engines/kaniko/volumes.ts
var MOST_FINDINGS = 20;
function laterVolumes(dockerfileText, stages, used) {
  const nothing = { changes: [], appended: (text3) => text3, findings: [] };
  const last = used.at(-1);
  const volumes = used.flatMap(
    (stage) => stage.steps.filter(({ instruction: instruction2 }) => instruction2.keyword === "VOLUME").map((step) => ({ step, stage, paths: pathsOf(step), runs: runsAfter(step, used) })).filter(({ runs }) => runs.length > 0)
  );
  if (volumes.length === 0 || last === void 0) return nothing;
  const findings = volumes.slice(0, MOST_FINDINGS).flatMap(({ step, paths: paths2, runs }) => {
    const names = paths2 === void 0 ? variablesIn(wordsOf2(step.instruction).join(" ")) : /* @__PURE__ */ new Set();
    return runs.filter(({ instruction: instruction2 }) => [...variablesIn(wholeText(instruction2))].some((name2) => names.has(name2))).map(({ instruction: instruction2 }) => {
      return finding(instruction2, {
        problem: `Kaniko loses what a RUN writes below the VOLUME of line ${step.instruction.line}`,
        advice: "Write the VOLUME after the last RUN."
      });
    });
  });
  const moved = new Set(volumes.filter(({ paths: paths2 }) => paths2 !== void 0).map(({ step }) => step.instruction.line));
  const kept = lineage(last, stages).flatMap(({ steps }) => steps);
  const movedSteps = kept.filter(({ instruction: instruction2 }) => instruction2.keyword === "VOLUME" && moved.has(instruction2.line));
  const paths = new Set(movedSteps.flatMap((step) => pathsOf(step) ?? []));
  const instruction = paths.size === 0 ? void 0 : `VOLUME ${JSON.stringify([...paths].map(escaped))}`;
  const appended = (text3) => instruction === void 0 ? text3 : `${text3}${text3.endsWith("\n") ? "" : "\n"}${instruction}
`;
  const isWhole = (text3) => parseDockerfile(appended(text3)).at(-1)?.text === instruction;
  const end = parseDockerfile(dockerfileText).at(-1);
  const closed = end === void 0 || end.heredocs.length > 0 ? [] : [changeOf(end, end.text)];
  const closing = instruction === void 0 || isWhole(dockerfileText) ? [] : closed;
  if (instruction !== void 0 && !isWhole(applyChanges(dockerfileText, closing))) return nothing;
  const changes = volumes.filter(({ paths: paths2 }) => paths2 !== void 0).map(({ step }) => changeOf(step.instruction));
  return { changes: [...closing, ...changes], appended, findings: findings.slice(0, MOST_FINDINGS) };
}
function variablesIn(text3) {
  return new Set(Array.from(text3.matchAll(/\$\{?(\w+)/g), ([, name2 = ""]) => name2));
}
function wholeText({ text: text3, heredocs }) {
  return [text3, ...heredocs.map(({ body }) => body)].join("\n");
}
function pathsOf(step) {
  const paths = wordsOf2(step.instruction).map((word) => resolve(word, step.variables, step.instruction.escape));
  const known = paths.filter((path8) => path8 !== void 0);
  return known.length === paths.length ? known : void 0;
}
function runsAfter(step, used) {
  const steps = used.flatMap((stage) => stage.steps);
  return steps.slice(steps.indexOf(step)).filter(({ instruction }) => instruction.keyword === "RUN");
}

// packages/builder/src/engines/kaniko/prepare.ts
function prepare(context, fork, platform2, given) {
  const authorText = context.dockerfileText;
  const refused3 = (findings) => ({ context, buildArgs: given, findings });
  const tooLong = tooMany2(parseDockerfile(authorText));
  if (tooLong !== void 0) return refused3([tooLong]);
  const dockerfileText = withBackslash(authorText);
  if (typeof dockerfileText !== "string") return refused3([finding(dockerfileText, BACKSLASH)]);
  const ready = platformArguments(builtInstructions(dockerfileText, given), platform2, fork, given);
  const buildArgs = { ...ready.values, ...given };
  const stages = readStages(dockerfileText, buildArgs);
  const excess = tooMany2(stages.flatMap(({ steps }) => steps.map(({ instruction }) => instruction)));
  if (excess !== void 0) return refused3([excess]);
  const used = usedStages(stages);
  const copies = used.flatMap(contextCopies);
  const excessive = tooManyPatterns(authorText, copies, context.entries);
  if (excessive !== void 0) return refused3([excessive]);
  const links = followNamedLinks(context, copies, fork);
  const volumes = laterVolumes(dockerfileText, stages, used);
  const heredocs = rewriteHeredocs(used, stages, fork);
  const labels = rewriteLabels(used, fork);
  const words = rewriteWords(used);
  const changes = [
    // The osscontainertools fork leaves them out by itself.
    ...fork === "osscontainertools" ? [] : withoutUnused(stages, used),
    ...volumes.changes,
    ...inCapitals2(used),
    ...heredocs.changes,
    ...labels.changes,
    ...words.changes,
    ...withoutOverruledCommands(used, stages, fork),
    // Last, as it takes the place of what was changed in the same line.
    ...withoutEmptyCopies(copies, links.entries)
  ];
  const found = [...findIgnored(used, stages, fork, buildArgs), ...labels.warnings, ...words.warnings];
  const warnings = [...context.warnings, ...new Set(found)];
  const text3 = volumes.appended(applyChanges(dockerfileText, changes));
  const sent = {
    ...context,
    entries: links.entries,
    ...heredocs.inlineFiles.length === 0 ? {} : { inlineFiles: heredocs.inlineFiles },
    warnings,
    dockerfileText: text3,
    ...text3 === authorText ? {} : { authorText }
  };
  return {
    context: sent,
    buildArgs,
    findings: [
      ...ready.findings,
      ...findUnsupported(used, stages, fork, platform2),
      ...links.findings,
      ...volumes.findings,
      ...heredocs.findings,
      ...words.findings,
      ...judgePatterns(copies, context.entries),
      ...judgePlaces(copies, links.entries, fork),
      ...judgeArchives(sent, copies),
      ...judgeBytes(context, text3)
    ].filter(({ line, problem }, at2, all) => {
      return all.findIndex((other) => other.line === line && other.problem === problem) === at2;
    }).sort((a, b2) => a.line - b2.line)
  };
}
var BACKSLASH = {
  problem: "with another # escape= the line ends in a backslash, which Kaniko takes for its continuation",
  advice: "Write the Dockerfile without that directive."
};
function builtInstructions(text3, given) {
  const instructions = parseDockerfile(text3);
  const stages = readStages(text3, given);
  const first = stages[0]?.steps[0]?.instruction.line ?? Infinity;
  const lines = new Set(usedStages(stages).flatMap(({ steps }) => steps.map(({ instruction }) => instruction.line)));
  return instructions.filter(({ line }) => line < first || lines.has(line));
}
var MOST_INSTRUCTIONS = 2e3;
function tooMany2(instructions) {
  const instruction = instructions[MOST_INSTRUCTIONS];
  if (instruction === void 0) return void 0;
  return finding(instruction, {
    problem: `it is one of more than ${MOST_INSTRUCTIONS} instructions, which are not looked at`,
    advice: "Join some of them."
  });
}
var MOST_MATCHES = 5e6;
var MOST_CUTS = 1e3;
function tooManyPatterns(text3, copies, entries) {
  const cuts = text3.match(/\$\{\w+[#%/]/g)?.length ?? 0;
  let matches2 = 0;
  const longest = copies.find(({ sources }) => {
    matches2 += sources.filter(isPattern).length * Math.max(entries.length, 1);
    return matches2 > MOST_MATCHES;
  });
  const instruction = longest?.instruction ?? (cuts > MOST_CUTS ? parseDockerfile(text3)[0] : void 0);
  if (instruction === void 0) return void 0;
  return finding(instruction, { problem: "there are more patterns than are looked at", advice: "Use fewer of them." });
}
function withoutEmptyCopies(copies, entries) {
  return copies.filter(({ sources, isComplete }) => {
    const isNothing = (source) => isPattern(source) && namedBy(source, entries).length === 0;
    return isComplete && sources.length > 0 && sources.every(isNothing);
  }).map(({ instruction }) => changeOf(instruction));
}
function withoutUnused(stages, used) {
  const isCounted = used.some(
    ({ steps }) => steps.some(({ instruction }) => fromOf(instruction).some((from) => /^\d+$/.test(from)))
  );
  return stages.filter((stage) => !used.includes(stage)).map(({ name: name2, steps }) => {
    const own = steps.filter(({ instruction }) => instruction.isTrigger !== true);
    return {
      firstLine: own[0]?.instruction.line ?? 0,
      lastLine: own.at(-1)?.instruction.lastLine ?? 0,
      text: isCounted ? `FROM scratch${name2 === void 0 ? "" : ` AS ${name2}`}` : ""
    };
  });
}
function judgeBytes({ dockerfileBytes, dockerfileText }, text3) {
  if (dockerfileBytes === void 0 || text3 === dockerfileText) return [];
  const lines = dockerfileText.split("\n");
  const at2 = lines.findIndex((line) => line.includes("\uFFFD"));
  return [
    {
      line: at2 + 1,
      instruction: (lines[at2] ?? "").trim().slice(0, 200),
      problem: "the line is not UTF-8, and the Dockerfile has to be rewritten for Kaniko",
      advice: "Save the Dockerfile as UTF-8."
    }
  ];
}
var ARCHIVES = [
  { name: "xz", magic: Buffer.from([253, 55, 122, 88, 90, 0]) },
  { name: "zstd", magic: Buffer.from([40, 181, 47, 253]) }
];
function judgeArchives(context, copies) {
  return copies.flatMap(({ instruction, sources }) => {
    if (instruction.keyword !== "ADD") return [];
    const files = sources.flatMap((source) => namedBy(source, context.entries));
    const found = files.flatMap((entry2) => {
      const name2 = entry2.kind === "file" ? compressionOf(context.directory, entry2) : void 0;
      return name2 === void 0 ? [] : [{ path: entry2.path, name: name2 }];
    });
    return found.map(
      ({ path: path8, name: name2 }) => finding(instruction, {
        problem: `Kaniko cannot unpack ${name2}, as which ${path8} is compressed, and fails`,
        advice: "COPY it and unpack it in a RUN, or compress it by gzip."
      })
    );
  });
}
function compressionOf(root, { path: path8, source = path8 }) {
  const start = Buffer.alloc(6);
  try {
    const file = openInside(root, source, "file");
    try {
      (0, import_node_fs5.readSync)(file, start, 0, start.length, 0);
    } finally {
      (0, import_node_fs5.closeSync)(file);
    }
  } catch {
    return void 0;
  }
  return ARCHIVES.find(({ magic }) => start.subarray(0, magic.length).equals(magic))?.name;
}

// packages/builder/src/dockerfile/target.ts
function linesToStage(dockerfileText, target) {
  const stages = readStages(dockerfileText);
  const next = stages[stageNamed(stages, target).index + 1];
  const line = next?.steps[0]?.instruction.line;
  return line === void 0 ? void 0 : line - 1;
}
function stageNamed(stages, target) {
  const byName = stages.findLast(({ name: name2 }) => name2?.toLowerCase() === target.toLowerCase());
  const found = byName ?? (/^\d{1,4}$/.test(target) ? stages[Number(target)] : void 0);
  if (found !== void 0) return found;
  const names = stages.flatMap(({ name: name2 }) => name2 ?? []).join(", ");
  const others = names === "" ? "none of its stages has a name" : `it has ${names}`;
  throw new BuildError("REQUEST_REFUSED", `the Dockerfile has no stage ${JSON.stringify(target)}: ${others}`);
}

// packages/builder/src/engines/kaniko/wishes.ts
function asWished(context, { target, labels = {} }) {
  const count = target === void 0 ? void 0 : linesToStage(context.dockerfileText, target);
  const cut = count === void 0 ? context : firstLines(context, count);
  if (cut.dockerfileBytes !== void 0) return cut;
  return { ...cut, dockerfileText: withoutLabels(cut.dockerfileText, new Set(Object.keys(labels))) };
}
function firstLines({ dockerfileBytes, ...context }, count) {
  const cut = (text3) => text3.split("\n").slice(0, count).join("\n");
  const bytes = dockerfileBytes === void 0 ? void 0 : Buffer.from(cut(dockerfileBytes.toString("latin1")), "latin1");
  return {
    ...context,
    dockerfileText: cut(context.dockerfileText),
    ...bytes === void 0 ? {} : { dockerfileBytes: bytes }
  };
}
function withoutLabels(text3, names) {
  if (names.size === 0) return text3;
  const changes = parseDockerfile(text3).flatMap((instruction) => {
    if (instruction.keyword !== "LABEL") return [];
    const pairs5 = pairsOf(instruction);
    const kept = pairs5.filter(([name2]) => !names.has(name2.replace(/^(["'])([^]*)\1$/, "$2")));
    if (kept.length === pairs5.length) return [];
    const words = kept.map(([name2, written]) => `${name2}=${written}`);
    return [changeOf(instruction, words.length === 0 ? "" : `LABEL ${words.join(" ")}`)];
  });
  return applyChanges(text3, changes);
}
function findSecrets(context, fork, secrets = []) {
  if (fork === "osscontainertools" || secrets.length === 0) return [];
  const steps = usedStages(readStages(context.dockerfileText)).flatMap((stage) => stage.steps);
  return steps.flatMap(({ instruction }) => {
    const wanted = instruction.flags.find((flag) => /^--mount=(?:.*,)?type=secret(?:,|$)/i.test(flag));
    if (instruction.keyword !== "RUN" || wanted === void 0) return [];
    return finding(instruction, {
      problem: `the ${fork} fork of Kaniko gives no secret to RUN: the command would run without`,
      advice: "Build with the osscontainertools fork (ghcr.io/osscontainertools/kaniko)."
    });
  });
}
function refuseAnnotations({ annotations = {} }, { fork }) {
  if (fork !== "google" || Object.keys(annotations).length === 0) return;
  const advice2 = "leave them out, or build with the osscontainertools fork (ghcr.io/osscontainertools/kaniko)";
  throw new BuildError("REQUEST_REFUSED", `the google fork of Kaniko makes no annotations: ${advice2}`);
}

// packages/builder/src/engines/kaniko/kaniko.ts
var CLEANUP_MS = 5e3;
var LATE_CREATE_MS = 500;
var STUCK_MS = 45e3;
var DEADLINE = "DeadlineExceeded";
var KanikoEngine = class {
  identity;
  #kube;
  #settings;
  #podName;
  /** @param podName makes the name of a build's pod, free in the namespace */
  constructor(kube, settings, podName) {
    this.#kube = kube;
    this.#settings = settings;
    this.#podName = podName;
    this.identity = kanikoIdentity(settings);
  }
  prepare(context, platform2, buildArgs, wishes = {}) {
    const { fork } = this.#settings;
    const prepared = prepare(asWished(context, wishes), fork, platform2, buildArgs);
    return { ...prepared, findings: [...prepared.findings, ...findSecrets(context, fork, wishes.secrets)] };
  }
  async build(request4, signal) {
    return this.#limited(request4, signal, async (run3) => {
      const { log, onPod, timeoutMs } = request4;
      let name2 = "";
      const watch = new Stopwatch();
      const archive = await packContext(request4.context);
      const comesAlong = fitsSecret(archive, ATTENDED);
      let contextMs = watch.lap();
      let wasCreated = false;
      const start = async () => {
        wasCreated = false;
        name2 = this.#podName();
        const { made, first } = await this.#create(name2, run3, archive, ATTENDED);
        wasCreated = true;
        const looks = { since: performance.now(), pause: looksForStart };
        await onPod?.(made);
        return waitForPod(this.#kube, name2, "running", { ...run3.wait, container: first, known: made, looks });
      };
      const remove = async (isThere) => {
        await Promise.all([this.#remove(name2, isThere), comesAlong ? this.#removeArchive(name2) : void 0]);
      };
      try {
        const { signal: either } = run3;
        const pod = await untilAccepted(start, { remove: async () => remove(true), onRejected: log, signal: either });
        run3.progress.hasBegun = true;
        let podMs = watch.lap();
        if (!comesAlong) {
          const noticedMs = await deliverContext(this.#kube, name2, archive, { signal: either, log, timeoutMs });
          contextMs += watch.lap() - noticedMs;
          podMs += noticedMs;
        }
        const known = comesAlong ? pod : void 0;
        const { startMs, ...image } = await attend(this.#kube, this.#settings, name2, run3, known);
        return { ...image, phases: { ...image.phases, podMs: podMs + startMs, contextMs } };
      } finally {
        await remove(wasCreated);
      }
    });
  }
  reserve() {
    return this.#podName();
  }
  async start(name2, request4, signal) {
    return this.#limited(request4, signal, async (run3) => {
      const archive = await packContext(request4.context);
      if (!fitsSecret(archive, ALONE)) throw tooLarge(archive.bytes, "bytes");
      let wasCreated = false;
      try {
        const { made } = await this.#create(name2, run3, archive, ALONE);
        wasCreated = true;
        await request4.onPod?.(made);
      } catch (error2) {
        const mayCome = isKubeError(error2, "ABORTED", "UNREACHABLE");
        await Promise.all([this.#remove(name2, wasCreated), mayCome ? void 0 : this.#removeArchive(name2)]);
        throw error2;
      }
    });
  }
  async follow(name2, request4, signal) {
    return this.#limited(request4, signal, async (run3) => {
      try {
        const { startMs, ...image } = await attend(this.#kube, this.#settings, name2, run3);
        return { ...image, phases: { ...image.phases, podMs: startMs } };
      } catch (error2) {
        if (run3.signal.aborted) throw error2;
        throw await this.#explainEnd(name2, run3, error2);
      } finally {
        await Promise.all([this.#remove(name2, true), this.#removeArchive(name2)]);
      }
    });
  }
  /**
   * Makes the pod of a build, and the Secret of its name in which a small context comes along.
   *
   * @returns also the container that runs first
   */
  async #create(name2, { request: request4, signal }, archive, most) {
    const { context, timeoutMs } = request4;
    const coming = comingContext(name2, archive, request4, most);
    const options = { name: name2, timeoutMs, ...coming === void 0 ? {} : { archive: coming } };
    const pod = kanikoPod({ ...request4, ...context }, this.#settings, options);
    if (coming !== void 0) {
      const secret2 = await contextSecret(name2, archive, coming.byKaniko, this.#settings.pod);
      await this.#kube.create("secrets", secret2, { signal });
    }
    const made = await this.#kube.create("pods", pod, { signal });
    return { made, first: coming?.byKaniko === true ? KANIKO_CONTAINER : CONTEXT_CONTAINER };
  }
  /** Does a part of a build within its limit, and says in an error of ours why it failed. */
  async #limited(request4, signal, work) {
    const limit = AbortSignal.timeout(request4.timeoutMs);
    const stop = new AbortController();
    refuseAnnotations(request4, this.#settings);
    const kanikoLog = new KanikoLog(cacheOf(request4, this.#settings)?.repository, authoredTexts(request4.context));
    const progress = { hasBegun: false, problem: void 0 };
    const either = AbortSignal.any([limit, stop.signal, ...signal === void 0 ? [] : [signal]]);
    const wait = {
      signal: either,
      timeoutMs: request4.timeoutMs,
      stuckMs: STUCK_MS,
      onProblem: ({ message }) => {
        progress.problem = message;
        request4.log(message);
      }
    };
    try {
      return await work({ request: request4, kanikoLog, progress, signal: either, stop, wait });
    } catch (error2) {
      if (signal?.aborted === true) throw new BuildError("ABORTED", "the build was aborted", { cause: error2 });
      if (stop.signal.aborted) throw stop.signal.reason;
      if (limit.aborted) {
        if (progress.hasBegun) throw tookTooLong(request4, kanikoLog, error2);
        const seconds2 = Math.round(request4.timeoutMs / 1e3);
        const why = progress.problem ?? "nothing tells why; a Secret or volume that it mounts may be missing";
        const message = `the build pod did not start within ${seconds2} s: ${why}`;
        throw new BuildError("POD_FAILED", message, { cause: error2 });
      }
      throw asBuildError(error2);
    }
  }
  /** Whether a pod that went on by itself failed, was too slow for the kubelet, or was taken away. */
  async #explainEnd(name2, { request: request4, kanikoLog, signal }, error2) {
    try {
      const pod = await this.#kube.get("pods", name2, { signal });
      if (pod.status?.reason === DEADLINE) return tookTooLong(request4, kanikoLog, error2);
      const containers = [...pod.spec?.initContainers ?? [], ...pod.spec?.containers ?? []];
      const why = containers.map((container) => disturbance(pod, container.name)).find((said) => said !== void 0);
      const context = pod.status?.initContainerStatuses?.find(({ name: name3 }) => name3 === CONTEXT_CONTAINER);
      if ((context?.state?.terminated?.exitCode ?? 0) !== 0) return lost("it could not unpack its context", error2);
      return why === void 0 ? error2 : lost(why, error2);
    } catch (cause) {
      return isKubeError(cause, "NOT_FOUND") ? lost("its pod is gone", error2) : error2;
    }
  }
  /** Never throws. What stays goes with the runner's pod or its job. */
  async #removeArchive(name2) {
    await this.#kube.delete("secrets", name2, { signal: AbortSignal.timeout(CLEANUP_MS) }).catch(() => false);
  }
  /** Never throws: it must not hide how the build went. Owner reference and deadline end what it cannot. */
  async #remove(name2, wasCreated) {
    const attempt2 = () => this.#kube.delete("pods", name2, { gracePeriodSeconds: 1, signal: AbortSignal.timeout(CLEANUP_MS) }).catch(() => false);
    if (await attempt2() || wasCreated) return;
    await new Promise((resolve10) => setTimeout(resolve10, LATE_CREATE_MS));
    await attempt2();
  }
};
function tookTooLong({ context, timeoutMs }, { progress }, cause) {
  const at2 = progress.instruction === void 0 ? "" : `; it was at ${progress.instruction}`;
  const message = `the build of ${context.dockerfile} took longer than ${Math.round(timeoutMs / 1e3)} s${at2}`;
  return new BuildError("TIMEOUT", message, { cause });
}
function lost(why, cause) {
  return new BuildError("POD_FAILED", `the build pod did not come to its end: ${why}`, {
    cause: new LostBuild(why, { cause })
  });
}
function asBuildError(error2) {
  if (!isKubeError(error2)) return error2;
  const fault = error2.fault === "user" ? "configuration" : error2.fault;
  const said = `the build pod failed: ${error2.message}${imageAdvice(error2.problem)}`;
  return new BuildError("POD_FAILED", said, { fault, cause: error2 });
}
function imageAdvice(problem) {
  if (problem?.container === void 0 || !/ImagePull|RegistryUnavailable/.test(problem.reason)) return "";
  if (problem.container === KANIKO_CONTAINER)
    return " Mirror the image where nodes can pull it, and set engine.kaniko.image.";
  return /^push(?:-\d+)?$/.test(problem.container) ? " Mirror the image where nodes can pull it, and set build.pushImage." : "";
}

// packages/builder/src/engines/choose.ts
function chooseEngine(kube, choice, settings, podName) {
  return new KanikoEngine(kube, { ...choice.kaniko, ...settings }, podName);
}

// packages/builder/src/engines/findings.ts
var import_node_path11 = require("node:path");
function refuseUnsupported(findings, dockerfile) {
  if (!isSome(findings)) return;
  const sentences = findings.map(
    ({ line: line2, instruction: instruction2, problem, advice: advice2 }) => `line ${line2} (${instruction2}): ${problem}. ${advice2}`
  );
  const message = `${(0, import_node_path11.basename)(dockerfile)} cannot be built here: ${sentences.join(" ")}`;
  const [{ line, instruction }] = findings;
  throw new BuildError("DOCKERFILE_UNSUPPORTED", message, { at: { file: (0, import_node_path11.basename)(dockerfile), line, instruction } });
}
function isSome(findings) {
  return findings.length > 0;
}

// packages/builder/src/engines/kaniko/executor.ts
var RETRIES2 = 3;
function executorArguments(build2, place2) {
  const { cache } = build2;
  return [
    `--context=${place2.context}`,
    `--dockerfile=${place2.dockerfile}`,
    ...build2.tags.map((tag) => `--destination=${tag}`),
    ...place2.push ? [`--push-retry=${build2.pushRetries}`] : ["--no-push"],
    `--digest-file=${place2.digestFile}`,
    ...place2.force === true ? ["--force"] : [],
    ...place2.dockerTar === void 0 ? [] : [`--tar-path=${place2.dockerTar}`],
    ...place2.ociLayout === void 0 ? [] : [`--oci-layout-path=${place2.ociLayout}`],
    "--snapshot-mode=full",
    "--compressed-caching=false",
    "--ignore-var-run=false",
    `--image-download-retry=${RETRIES2}`,
    "--log-format=json",
    ...build2.insecureRegistries.map((registry2) => `--insecure-registry=${registry2}`),
    ...build2.registryMirrors.map((mirror) => `--registry-mirror=${mirror}`),
    ...cache === void 0 ? ["--cache=false"] : cacheArguments(cache.repository, goDuration(cache.ttlMs)),
    ...build2.target === void 0 ? [] : [`--target=${build2.target}`],
    ...build2.platform === void 0 ? [] : [`--custom-platform=${build2.platform}`],
    ...imageArguments(build2, place2.secrets)
  ];
}
function executorEnvironment() {
  const variables = kanikoEnvironment({ fork: "osscontainertools" });
  return Object.fromEntries(variables.map(({ name: name2, value }) => [name2, value]));
}
function goDuration(ms2) {
  return `${Math.max(1, Math.round(ms2 / 1e3))}s`;
}

// packages/client/src/backends/broker/ask-facts.ts
var FACTS_MS = 3e3;
async function askFacts(pushed, digest2, signal) {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(FACTS_MS)]);
  for (const { reference, credential: credential2 } of pushed) {
    try {
      const client = new RegistryClient(reference.domain, { credential: credential2, retries: 0 });
      const manifest = await client.getManifest(reference.repository, digest2, soon);
      if (manifest !== void 0) return imageFacts(manifest);
    } catch {
    }
  }
  return {};
}

// packages/client/src/backends/broker/broker-credentials.ts
var import_promises11 = require("node:fs/promises");
var import_node_path14 = require("node:path");

// packages/client/src/credentials/helper.ts
var import_node_child_process = require("node:child_process");
var TIMEOUT_MS = 3e4;
var MAX_BYTES = 256 * 1024;
var NOT_FOUND = /credentials not found in native keychain|no credentials server URL|no credentials username/;
var TOKEN_USER = "<token>";
var HelperError = class extends Error {
  name = "HelperError";
};
async function askHelper(name2, server, env, signal) {
  const program = `docker-credential-${name2}`;
  const { code: code3, output, errors } = await run(program, server, env, signal);
  if (code3 !== 0) {
    if (NOT_FOUND.test(output)) return void 0;
    const said = errors.trim().split("\n", 1)[0]?.slice(0, 300) ?? "";
    throw new HelperError(`${program} ended with exit code ${code3 ?? "none"}${said === "" ? "" : `: ${said}`}`);
  }
  const { Username: username, Secret: secret2 } = readAnswer2(program, output);
  if (secret2 === "") return void 0;
  if (username === TOKEN_USER) {
    if (!isToken(secret2)) throw new HelperError(`${program} answered with a token that no header can carry`);
    return { identityToken: secret2 };
  }
  if (username === "" || username.includes(":")) throw new HelperError(`${program} answered with no usable user name`);
  return { username, password: secret2 };
}
async function run(program, input, env, signal) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const either = signal === void 0 ? limit : AbortSignal.any([signal, limit]);
  const child2 = (0, import_node_child_process.spawn)(program, ["get"], { env, stdio: "pipe", signal: either, killSignal: "SIGKILL" });
  const kept = { output: [], errors: [] };
  let count = 0;
  const stop = () => {
    child2.kill("SIGKILL");
    child2.stdout.destroy();
    child2.stderr.destroy();
  };
  const keep = (into) => (chunk) => {
    count += chunk.length;
    if (count > MAX_BYTES) stop();
    else into.push(chunk);
  };
  child2.stdout.on("data", keep(kept.output));
  child2.stderr.on("data", keep(kept.errors));
  child2.stdin.on("error", () => void 0);
  child2.stdin.end(`${input}
`);
  const code3 = await new Promise((resolve10, reject) => {
    child2.once("error", (cause) => {
      stop();
      reject(new HelperError(whyNot2(program, cause, limit.aborted), { cause }));
    });
    child2.once("close", resolve10);
  });
  if (count > MAX_BYTES) throw new HelperError(`${program} wrote more than ${MAX_BYTES} bytes`);
  const text3 = (chunks) => Buffer.concat(chunks).toString("utf8");
  return { code: code3, output: text3(kept.output), errors: text3(kept.errors) };
}
function whyNot2(program, cause, isLate) {
  if (isLate) return `${program} did not answer within ${TIMEOUT_MS / 1e3} s`;
  const isMissing = cause.code === "ENOENT";
  return isMissing ? `${program} is not in the PATH` : `${program} could not be run: ${cause.message}`;
}
function readAnswer2(program, output) {
  let found;
  try {
    found = Object(JSON.parse(output));
  } catch {
    throw new HelperError(`${program} answered with something else than JSON`);
  }
  const { Username = "", Secret = "" } = found;
  if (typeof Username === "string" && typeof Secret === "string") return { Username, Secret };
  throw new HelperError(`${program} answered with a Username or Secret that is no text`);
}

// packages/client/src/credentials/find.ts
var DOCKER_HUB3 = "https://index.docker.io/v1/";
var Credentials = class {
  #found;
  /** Sentences about helpers that could not be asked. */
  warnings;
  constructor(found, warnings) {
    this.#found = found;
    this.warnings = warnings;
  }
  for(repository) {
    return this.#found.get(nameOf(repository));
  }
  /**
   * The text of a docker `config.json` for these repositories alone, undefined when none of them has a credential. Of two that
   * differ in one registry it has the first: who needs both makes two texts.
   */
  configFor(repositories) {
    const credentials = /* @__PURE__ */ new Map();
    for (const repository of repositories) {
      const found = this.for(repository);
      if (found !== void 0 && !credentials.has(repository.domain)) {
        credentials.set(repository.domain, found.credential);
      }
    }
    return credentials.size === 0 ? void 0 : formatDockerConfig(credentials);
  }
  /** All that must never be printed. A getter, so that a value that somebody logs does not show it. */
  get secrets() {
    return [...new Set([...this.#found.values()].flatMap(({ credential: credential2 }) => secretsOf(credential2)))];
  }
};
async function findCredentials(repositories, sources, env, signal) {
  const found = /* @__PURE__ */ new Map();
  const warnings = /* @__PURE__ */ new Set();
  const asked = /* @__PURE__ */ new Map();
  const ask = async (helper, domain) => {
    const key2 = `${helper} ${domain}`;
    const answer2 = asked.get(key2) ?? askHelper(helper, domain === "docker.io" ? DOCKER_HUB3 : domain, env, signal);
    asked.set(key2, answer2);
    return answer2.catch((error2) => {
      if (!(error2 instanceof HelperError) || signal?.aborted === true) throw error2;
      warnings.add(`No credential for ${domain} from a helper: ${error2.message}`);
      return void 0;
    });
  };
  for (const { name: name2, config } of sources) {
    const missing = repositories.filter((repository) => !found.has(nameOf(repository)));
    if (missing.length === 0) break;
    const read4 = await config();
    for (const repository of missing) {
      const credential2 = await credentialIn(read4, repository, ask);
      if (credential2 !== void 0) found.set(nameOf(repository), { credential: credential2, origin: name2 });
    }
  }
  return new Credentials(found, [...warnings]);
}
async function credentialIn({ keychain, helperFor }, { domain, repository }, ask) {
  const helper = helperFor(domain);
  const told = helper === void 0 ? void 0 : await ask(helper, domain);
  return told ?? keychain.credentialFor(domain, repository);
}
function nameOf({ domain, repository }) {
  return `${domain}/${repository}`;
}

// packages/client/src/credentials/sources.ts
var import_node_os = require("node:os");
var import_node_path13 = require("node:path");

// packages/client/src/credentials/config-file.ts
var import_node_fs6 = require("node:fs");
var import_promises10 = require("node:fs/promises");
var import_node_crypto8 = require("node:crypto");
var import_node_path12 = require("node:path");
var MAX_BYTES2 = 1024 * 1024;
async function readConfigFile(path8, name2, isOptional) {
  const bad5 = (why, cause) => new RegistryError("BAD_CREDENTIALS", `${name2}: the file ${path8} cannot be read: ${why}`, { cause });
  const file = await (0, import_promises10.open)(path8, import_node_fs6.constants.O_RDONLY | import_node_fs6.constants.O_NONBLOCK).catch((error2) => {
    const { code: code3 = "" } = error2;
    if (isOptional && (code3 === "ENOENT" || code3 === "ENOTDIR")) return void 0;
    throw bad5(code3, error2);
  });
  if (file === void 0) return void 0;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw bad5("it is no regular file");
    if (stats.size > MAX_BYTES2) throw bad5(`it is longer than ${MAX_BYTES2} bytes`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
async function writeConfigFile(path8, content) {
  await (0, import_promises10.mkdir)((0, import_node_path12.dirname)(path8), { recursive: true, mode: 448 });
  const beside = `${path8}.${(0, import_node_crypto8.randomUUID)()}`;
  try {
    const file = await (0, import_promises10.open)(beside, "wx", 384);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await (0, import_promises10.rename)(beside, path8);
  } catch (error2) {
    await (0, import_promises10.rm)(beside, { force: true });
    throw error2;
  }
}

// packages/client/src/credentials/registry-auth.ts
init_js_yaml();
var FIELDS = ["registry", "username", "password"];
function parseRegistryAuth(text3) {
  let list;
  try {
    list = load(text3, { schema: FAILSAFE_SCHEMA });
  } catch {
    throw bad3("it is not YAML");
  }
  if (!Array.isArray(list)) return parseLocalDockerConfig(text3);
  const credentials = new Map(list.map((entry2, index) => readEntry(entry2, index)));
  return parseLocalDockerConfig(formatDockerConfig(credentials));
}
function readEntry(entry2, index) {
  const wrong = (why) => bad3(`its entry ${index + 1} ${why}`);
  if (typeof entry2 !== "object" || entry2 === null || Array.isArray(entry2)) throw wrong("is no map");
  const values = entry2;
  const unknown = Object.keys(values).find((name2) => !FIELDS.includes(name2));
  if (unknown !== void 0) throw wrong(`has an unknown field ${JSON.stringify(unknown.slice(0, 100))}`);
  const field = (name2, otherwise) => {
    const value = values[name2] ?? otherwise;
    if (typeof value === "string" && value !== "") return value;
    throw wrong(`has no ${name2}`);
  };
  return [
    field("registry", "docker.io").replace(/^https?:\/\/|\/+$/g, ""),
    { username: field("username"), password: field("password") }
  ];
}
function bad3(why) {
  return new RegistryError("BAD_CREDENTIALS", `the list of registry credentials cannot be used: ${why}`);
}

// packages/client/src/credentials/sources.ts
function credentialSources(env, wishes = {}) {
  const { inline, registryAuth, registryAuthFile, usesGithubToken = false } = wishes;
  const text3 = (name2, value, read4 = parseLocalDockerConfig) => value === void 0 || value.trim() === "" ? [] : [{ name: name2, config: () => named2(name2, () => read4(value)) }];
  const file = (name2, path8, { isOptional = false, read: read4 = parseLocalDockerConfig } = {}) => {
    if (path8 === void 0 || path8 === "") return [];
    const config = async () => {
      const content = await readConfigFile(path8, name2, isOptional) ?? "{}";
      return named2(name2, () => read4(content));
    };
    return [{ name: name2, config }];
  };
  const user = (name2, registry2 = "", username = "", password = "") => registry2 === "" || username === "" || password === "" ? [] : text3(name2, JSON.stringify([{ registry: registry2, username, password }]), parseRegistryAuth);
  const { CI_REGISTRY, CI_REGISTRY_USER, CI_REGISTRY_PASSWORD, GITHUB_ACTOR, GITHUB_TOKEN } = env;
  return [
    ...inline === void 0 ? [] : user("the inputs username and password", ...inlineUser(inline)),
    ...text3("registry-auth", registryAuth, parseRegistryAuth),
    ...file("--registry-auth", registryAuthFile, { read: parseRegistryAuth }),
    ...file("kbuild login", loginFile(env), { isOptional: true }),
    ...text3("DOCKER_AUTH_CONFIG", env["DOCKER_AUTH_CONFIG"]),
    ...file("REGISTRY_AUTH_FILE", env["REGISTRY_AUTH_FILE"]),
    ...dockerFile(env).flatMap(({ name: name2, path: path8 }) => file(name2, path8, { isOptional: true })),
    ...user("CI_REGISTRY_USER and CI_REGISTRY_PASSWORD", CI_REGISTRY, CI_REGISTRY_USER, CI_REGISTRY_PASSWORD),
    ...usesGithubToken ? user("GITHUB_TOKEN", "ghcr.io", GITHUB_ACTOR ?? "token", GITHUB_TOKEN) : []
  ];
}
function loginFile(env) {
  const { XDG_CONFIG_HOME = "", HOME = (0, import_node_os.homedir)() } = env;
  return (0, import_node_path13.join)(XDG_CONFIG_HOME === "" ? (0, import_node_path13.join)(HOME, ".config") : XDG_CONFIG_HOME, "kbuild", "auth.json");
}
function dockerConfigFile(env) {
  return dockerFile(env)[0].path;
}
function inlineUser(inline) {
  return [inline.registry === "" ? "docker.io" : inline.registry, inline.username, inline.password];
}
function dockerFile(env) {
  const { DOCKER_CONFIG: DOCKER_CONFIG3 = "", HOME = (0, import_node_os.homedir)() } = env;
  const home = { name: "~/.docker/config.json", path: (0, import_node_path13.join)(HOME, ".docker", "config.json") };
  return DOCKER_CONFIG3 === "" ? [home] : [{ name: "DOCKER_CONFIG", path: (0, import_node_path13.join)(DOCKER_CONFIG3, "config.json") }, home];
}
async function named2(name2, read4) {
  try {
    return await Promise.resolve(read4());
  } catch (error2) {
    if (!(error2 instanceof RegistryError)) throw error2;
    throw new RegistryError(error2.code, `${name2}: ${error2.message}`);
  }
}

// packages/client/src/backends/kubernetes/bases.ts
var ANSWER_MS2 = 5e3;
function baseRepositories({ dockerfileText }, buildArgs) {
  const found = /* @__PURE__ */ new Map();
  for (const { reference: text3 } of baseImages(dockerfileText, buildArgs)) {
    const reference = readReference(text3);
    if (reference !== void 0) found.set(`${reference.domain}/${reference.repository}`, reference);
  }
  return [...found.values()];
}
function readReference(text3) {
  try {
    return parseReference(text3);
  } catch (error2) {
    if (!(error2 instanceof RegistryError)) throw error2;
    return void 0;
  }
}
async function isPublic(reference, options, signal) {
  const { domain, repository, tag = "latest", digest: digest2 } = reference;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS2)]);
  try {
    const client = new RegistryClient(domain, { ...options, retries: 0, connectTimeoutMs: 2e3 });
    return await client.headManifest(repository, digest2 ?? tag, soon) !== void 0;
  } catch (error2) {
    if (signal.aborted || !(error2 instanceof RegistryError)) throw error2;
    return false;
  }
}

// packages/client/src/backends/broker/broker-credentials.ts
async function pushCredentialsOf({ push, tags }, settings, listener, signal) {
  return credentialsOf(push ? tags.map((tag) => parseReference(tag)) : [], settings, listener, signal);
}
async function baseCredentialsOf({ buildArgs }, { context, dockerfile = (0, import_node_path14.join)(context, "Dockerfile") }, settings, listener, signal) {
  const dockerfileText = await (0, import_promises11.readFile)(dockerfile, "utf8").catch(() => "");
  const known = await credentialsOf(baseRepositories({ dockerfileText }, buildArgs), settings, listener, signal);
  const closed = await Promise.all(known.map(async (one) => await isPublic(one.reference, {}, signal) ? [] : [one]));
  return closed.flat();
}
function brokerCredentials(known) {
  const byRegistry = new Map(known.map(({ reference: { domain }, credential: credential2 }) => [domain, credential2]));
  return [...byRegistry].map(([registry2, credential2]) => {
    if ("registryToken" in credential2 || "password" in credential2) return { registry: registry2, ...credential2 };
    return { registry: registry2, identityToken: credential2.identityToken };
  });
}
async function credentialsOf(repositories, { env, credentials }, listener, signal) {
  const found = await findCredentials(repositories, credentialSources(env, credentials), env, signal);
  for (const warning2 of found.warnings) listener.line(`Warning: ${warning2}`);
  return repositories.flatMap((reference) => {
    const credential2 = found.for(reference)?.credential;
    return credential2 === void 0 ? [] : [{ reference, credential: credential2 }];
  });
}

// packages/client/src/backends/broker/mailbox.ts
var import_promises12 = require("node:fs/promises");
var import_node_path15 = require("node:path");
var MAX_REST = 1024 * 1024;
var Mailbox = class {
  #directory;
  #id;
  #read = 0;
  #rest = "";
  constructor(directory, id) {
    this.#directory = directory;
    this.#id = id;
  }
  /** What the hook speaks; undefined when it says nothing that can be read. */
  static async announcement(directory) {
    const text3 = await (0, import_promises12.readFile)((0, import_node_path15.join)(directory, ANNOUNCEMENT_FILE), "utf8").catch(() => void 0);
    return text3 === void 0 ? void 0 : readAnnouncement(text3);
  }
  /**
   * Puts a request there, as narrow as the hook can still read it: it may hold a password.
   *
   * @throws BuildError `POD_FAILED` when it cannot be put there
   */
  async send(request4) {
    try {
      await this.#put(request4);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new BuildError("POD_FAILED", `the request cannot be put into the mailbox ${this.#directory}: ${why}`, {
        cause
      });
    }
  }
  async #put(request4) {
    const draft = (0, import_node_path15.join)(this.#directory, draftName(this.#id, "request"));
    await (0, import_promises12.writeFile)(draft, request4, { mode: 384, flag: "wx" });
    const { uid: owner } = await (0, import_promises12.stat)(this.#directory);
    const own = process.getuid?.() ?? 0;
    if (owner !== 0 && owner !== own) await (own === 0 ? (0, import_promises12.chown)(draft, owner, -1) : (0, import_promises12.chmod)(draft, 388));
    await (0, import_promises12.rename)(draft, (0, import_node_path15.join)(this.#directory, mailName(this.#id, "request")));
  }
  /** Whether the hook has taken the request. */
  async isTaken() {
    return (0, import_promises12.stat)((0, import_node_path15.join)(this.#directory, mailName(this.#id, "request"))).then(
      () => false,
      () => true
    );
  }
  async cancel() {
    await (0, import_promises12.writeFile)((0, import_node_path15.join)(this.#directory, mailName(this.#id, "cancel")), "").catch(() => void 0);
  }
  /**
   * The answer comes last: whoever has it has the whole log.
   *
   * @throws BuildError `POD_FAILED` for an answer that is none of this version; no other one will come
   */
  async look() {
    const path8 = (0, import_node_path15.join)(this.#directory, mailName(this.#id, "answer"));
    const text3 = await (0, import_promises12.readFile)(path8, "utf8").catch(() => void 0);
    const entries = await this.#lines();
    if (text3 === void 0) return { entries, answer: void 0 };
    const answer2 = readAnswer(text3);
    if (answer2 !== void 0) return { entries, answer: answer2 };
    throw new BuildError("POD_FAILED", "the hook of the runner gave an answer that this program does not understand");
  }
  /** Takes away what belongs to the request. */
  async close() {
    const names = [
      draftName(this.#id, "request"),
      ...["request", "log", "answer"].map((kind) => mailName(this.#id, kind))
    ];
    await Promise.all(names.map(async (name2) => (0, import_promises12.rm)((0, import_node_path15.join)(this.#directory, name2), { force: true }).catch(() => void 0)));
  }
  async #lines() {
    const file = await (0, import_promises12.open)((0, import_node_path15.join)(this.#directory, mailName(this.#id, "log"))).catch(() => void 0);
    if (file === void 0) return [];
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.max(0, size - this.#read));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#read);
      this.#read += bytesRead;
      const lines = (this.#rest + bytes.toString("latin1", 0, bytesRead)).split("\n");
      this.#rest = (lines.pop() ?? "").slice(0, MAX_REST);
      return lines.flatMap((line) => readLogEntry(Buffer.from(line, "latin1").toString("utf8")) ?? []);
    } finally {
      await file.close();
    }
  }
};

// packages/client/src/backends/broker/share-context.ts
var import_promises18 = require("node:fs/promises");
var import_node_path27 = require("node:path");

// packages/client/src/context/archive.ts
var import_node_fs13 = require("node:fs");
var import_promises15 = require("node:fs/promises");
var import_node_path25 = require("node:path");
var import_promises16 = require("node:stream/promises");

// node_modules/tar/dist/esm/index.min.js
var import_events = __toESM(require("events"), 1);
var import_fs = __toESM(require("fs"), 1);
var import_node_events = require("node:events");
var import_node_stream2 = __toESM(require("node:stream"), 1);
var import_node_string_decoder = require("node:string_decoder");
var import_node_path16 = __toESM(require("node:path"), 1);
var import_node_fs7 = __toESM(require("node:fs"), 1);
var import_path = require("path");
var import_events2 = require("events");
var import_assert = __toESM(require("assert"), 1);
var import_buffer = require("buffer");
var Ps = __toESM(require("zlib"), 1);
var import_zlib = __toESM(require("zlib"), 1);
var import_node_path17 = require("node:path");
var import_node_path18 = require("node:path");
var import_fs2 = __toESM(require("fs"), 1);
var import_fs3 = __toESM(require("fs"), 1);
var import_path2 = __toESM(require("path"), 1);
var import_node_path19 = require("node:path");
var import_path3 = __toESM(require("path"), 1);
var import_node_fs8 = __toESM(require("node:fs"), 1);
var import_node_assert = __toESM(require("node:assert"), 1);
var import_node_crypto9 = require("node:crypto");
var import_node_fs9 = __toESM(require("node:fs"), 1);
var import_node_path20 = __toESM(require("node:path"), 1);
var import_fs4 = __toESM(require("fs"), 1);
var import_node_fs10 = __toESM(require("node:fs"), 1);
var import_node_path21 = __toESM(require("node:path"), 1);
var import_node_fs11 = __toESM(require("node:fs"), 1);
var import_promises13 = __toESM(require("node:fs/promises"), 1);
var import_node_path22 = __toESM(require("node:path"), 1);
var import_node_path23 = require("node:path");
var import_node_fs12 = __toESM(require("node:fs"), 1);
var import_node_path24 = __toESM(require("node:path"), 1);
var zr = Object.defineProperty;
var Ur = (s3, t) => {
  for (var e in t) zr(s3, e, { get: t[e], enumerable: true });
};
var Ds = typeof process == "object" && process ? process : { stdout: null, stderr: null };
var Wr = (s3) => !!s3 && typeof s3 == "object" && (s3 instanceof A || s3 instanceof import_node_stream2.default || Gr(s3) || Zr(s3));
var Gr = (s3) => !!s3 && typeof s3 == "object" && s3 instanceof import_node_events.EventEmitter && typeof s3.pipe == "function" && s3.pipe !== import_node_stream2.default.Writable.prototype.pipe;
var Zr = (s3) => !!s3 && typeof s3 == "object" && s3 instanceof import_node_events.EventEmitter && typeof s3.write == "function" && typeof s3.end == "function";
var Q = /* @__PURE__ */ Symbol("EOF");
var J = /* @__PURE__ */ Symbol("maybeEmitEnd");
var nt = /* @__PURE__ */ Symbol("emittedEnd");
var De = /* @__PURE__ */ Symbol("emittingEnd");
var qt = /* @__PURE__ */ Symbol("emittedError");
var Ne = /* @__PURE__ */ Symbol("closed");
var Ns = /* @__PURE__ */ Symbol("read");
var Ae = /* @__PURE__ */ Symbol("flush");
var As = /* @__PURE__ */ Symbol("flushChunk");
var z = /* @__PURE__ */ Symbol("encoding");
var Mt = /* @__PURE__ */ Symbol("decoder");
var g = /* @__PURE__ */ Symbol("flowing");
var Qt = /* @__PURE__ */ Symbol("paused");
var Bt = /* @__PURE__ */ Symbol("resume");
var b = /* @__PURE__ */ Symbol("buffer");
var N = /* @__PURE__ */ Symbol("pipes");
var _ = /* @__PURE__ */ Symbol("bufferLength");
var bi = /* @__PURE__ */ Symbol("bufferPush");
var Ie = /* @__PURE__ */ Symbol("bufferShift");
var L = /* @__PURE__ */ Symbol("objectMode");
var S = /* @__PURE__ */ Symbol("destroyed");
var _i = /* @__PURE__ */ Symbol("error");
var Oi = /* @__PURE__ */ Symbol("emitData");
var Is = /* @__PURE__ */ Symbol("emitEnd");
var Ti = /* @__PURE__ */ Symbol("emitEnd2");
var Z = /* @__PURE__ */ Symbol("async");
var xi = /* @__PURE__ */ Symbol("abort");
var Ce = /* @__PURE__ */ Symbol("aborted");
var Jt = /* @__PURE__ */ Symbol("signal");
var Rt = /* @__PURE__ */ Symbol("dataListeners");
var C = /* @__PURE__ */ Symbol("discarded");
var jt = (s3) => Promise.resolve().then(s3);
var Yr = (s3) => s3();
var Kr = (s3) => s3 === "end" || s3 === "finish" || s3 === "prefinish";
var Vr = (s3) => s3 instanceof ArrayBuffer || !!s3 && typeof s3 == "object" && s3.constructor && s3.constructor.name === "ArrayBuffer" && s3.byteLength >= 0;
var $r = (s3) => !Buffer.isBuffer(s3) && ArrayBuffer.isView(s3);
var Fe = class {
  src;
  dest;
  opts;
  ondrain;
  constructor(t, e, i) {
    this.src = t, this.dest = e, this.opts = i, this.ondrain = () => t[Bt](), this.dest.on("drain", this.ondrain);
  }
  unpipe() {
    this.dest.removeListener("drain", this.ondrain);
  }
  proxyErrors(t) {
  }
  end() {
    this.unpipe(), this.opts.end && this.dest.end();
  }
};
var Li = class extends Fe {
  unpipe() {
    this.src.removeListener("error", this.proxyErrors), super.unpipe();
  }
  constructor(t, e, i) {
    super(t, e, i), this.proxyErrors = (r) => this.dest.emit("error", r), t.on("error", this.proxyErrors);
  }
};
var Xr = (s3) => !!s3.objectMode;
var qr = (s3) => !s3.objectMode && !!s3.encoding && s3.encoding !== "buffer";
var A = class extends import_node_events.EventEmitter {
  [g] = false;
  [Qt] = false;
  [N] = [];
  [b] = [];
  [L];
  [z];
  [Z];
  [Mt];
  [Q] = false;
  [nt] = false;
  [De] = false;
  [Ne] = false;
  [qt] = null;
  [_] = 0;
  [S] = false;
  [Jt];
  [Ce] = false;
  [Rt] = 0;
  [C] = false;
  writable = true;
  readable = true;
  constructor(...t) {
    let e = t[0] || {};
    if (super(), e.objectMode && typeof e.encoding == "string") throw new TypeError("Encoding and objectMode may not be used together");
    Xr(e) ? (this[L] = true, this[z] = null) : qr(e) ? (this[z] = e.encoding, this[L] = false) : (this[L] = false, this[z] = null), this[Z] = !!e.async, this[Mt] = this[z] ? new import_node_string_decoder.StringDecoder(this[z]) : null, e && e.debugExposeBuffer === true && Object.defineProperty(this, "buffer", { get: () => this[b] }), e && e.debugExposePipes === true && Object.defineProperty(this, "pipes", { get: () => this[N] });
    let { signal: i } = e;
    i && (this[Jt] = i, i.aborted ? this[xi]() : i.addEventListener("abort", () => this[xi]()));
  }
  get bufferLength() {
    return this[_];
  }
  get encoding() {
    return this[z];
  }
  set encoding(t) {
    throw new Error("Encoding must be set at instantiation time");
  }
  setEncoding(t) {
    throw new Error("Encoding must be set at instantiation time");
  }
  get objectMode() {
    return this[L];
  }
  set objectMode(t) {
    throw new Error("objectMode must be set at instantiation time");
  }
  get async() {
    return this[Z];
  }
  set async(t) {
    this[Z] = this[Z] || !!t;
  }
  [xi]() {
    this[Ce] = true, this.emit("abort", this[Jt]?.reason), this.destroy(this[Jt]?.reason);
  }
  get aborted() {
    return this[Ce];
  }
  set aborted(t) {
  }
  write(t, e, i) {
    if (this[Ce]) return false;
    if (this[Q]) throw new Error("write after end");
    if (this[S]) return this.emit("error", Object.assign(new Error("Cannot call write after a stream was destroyed"), { code: "ERR_STREAM_DESTROYED" })), true;
    typeof e == "function" && (i = e, e = "utf8"), e || (e = "utf8");
    let r = this[Z] ? jt : Yr;
    if (!this[L] && !Buffer.isBuffer(t)) {
      if ($r(t)) t = Buffer.from(t.buffer, t.byteOffset, t.byteLength);
      else if (Vr(t)) t = Buffer.from(t);
      else if (typeof t != "string") throw new Error("Non-contiguous data written to non-objectMode stream");
    }
    return this[L] ? (this[g] && this[_] !== 0 && this[Ae](true), this[g] ? this.emit("data", t) : this[bi](t), this[_] !== 0 && this.emit("readable"), i && r(i), this[g]) : t.length ? (typeof t == "string" && !(e === this[z] && !this[Mt]?.lastNeed) && (t = Buffer.from(t, e)), Buffer.isBuffer(t) && this[z] && (t = this[Mt].write(t)), this[g] && this[_] !== 0 && this[Ae](true), this[g] ? this.emit("data", t) : this[bi](t), this[_] !== 0 && this.emit("readable"), i && r(i), this[g]) : (this[_] !== 0 && this.emit("readable"), i && r(i), this[g]);
  }
  read(t) {
    if (this[S]) return null;
    if (this[C] = false, this[_] === 0 || t === 0 || t && t > this[_]) return this[J](), null;
    this[L] && (t = null), this[b].length > 1 && !this[L] && (this[b] = [this[z] ? this[b].join("") : Buffer.concat(this[b], this[_])]);
    let e = this[Ns](t || null, this[b][0]);
    return this[J](), e;
  }
  [Ns](t, e) {
    if (this[L]) this[Ie]();
    else {
      let i = e;
      t === i.length || t === null ? this[Ie]() : typeof i == "string" ? (this[b][0] = i.slice(t), e = i.slice(0, t), this[_] -= t) : (this[b][0] = i.subarray(t), e = i.subarray(0, t), this[_] -= t);
    }
    return this.emit("data", e), !this[b].length && !this[Q] && this.emit("drain"), e;
  }
  end(t, e, i) {
    return typeof t == "function" && (i = t, t = void 0), typeof e == "function" && (i = e, e = "utf8"), t !== void 0 && this.write(t, e), i && this.once("end", i), this[Q] = true, this.writable = false, (this[g] || !this[Qt]) && this[J](), this;
  }
  [Bt]() {
    this[S] || (!this[Rt] && !this[N].length && (this[C] = true), this[Qt] = false, this[g] = true, this.emit("resume"), this[b].length ? this[Ae]() : this[Q] ? this[J]() : this.emit("drain"));
  }
  resume() {
    return this[Bt]();
  }
  pause() {
    this[g] = false, this[Qt] = true, this[C] = false;
  }
  get destroyed() {
    return this[S];
  }
  get flowing() {
    return this[g];
  }
  get paused() {
    return this[Qt];
  }
  [bi](t) {
    this[L] ? this[_] += 1 : this[_] += t.length, this[b].push(t);
  }
  [Ie]() {
    return this[L] ? this[_] -= 1 : this[_] -= this[b][0].length, this[b].shift();
  }
  [Ae](t = false) {
    do
      ;
    while (this[As](this[Ie]()) && this[b].length);
    !t && !this[b].length && !this[Q] && this.emit("drain");
  }
  [As](t) {
    return this.emit("data", t), this[g];
  }
  pipe(t, e) {
    if (this[S]) return t;
    this[C] = false;
    let i = this[nt];
    return e = e || {}, t === Ds.stdout || t === Ds.stderr ? e.end = false : e.end = e.end !== false, e.proxyErrors = !!e.proxyErrors, i ? e.end && t.end() : (this[N].push(e.proxyErrors ? new Li(this, t, e) : new Fe(this, t, e)), this[Z] ? jt(() => this[Bt]()) : this[Bt]()), t;
  }
  unpipe(t) {
    let e = this[N].find((i) => i.dest === t);
    e && (this[N].length === 1 ? (this[g] && this[Rt] === 0 && (this[g] = false), this[N] = []) : this[N].splice(this[N].indexOf(e), 1), e.unpipe());
  }
  addListener(t, e) {
    return this.on(t, e);
  }
  on(t, e) {
    let i = super.on(t, e);
    if (t === "data") this[C] = false, this[Rt]++, !this[N].length && !this[g] && this[Bt]();
    else if (t === "readable" && this[_] !== 0) super.emit("readable");
    else if (Kr(t) && this[nt]) super.emit(t), this.removeAllListeners(t);
    else if (t === "error" && this[qt]) {
      let r = e;
      this[Z] ? jt(() => r.call(this, this[qt])) : r.call(this, this[qt]);
    }
    return i;
  }
  removeListener(t, e) {
    return this.off(t, e);
  }
  off(t, e) {
    let i = super.off(t, e);
    return t === "data" && (this[Rt] = this.listeners("data").length, this[Rt] === 0 && !this[C] && !this[N].length && (this[g] = false)), i;
  }
  removeAllListeners(t) {
    let e = super.removeAllListeners(t);
    return (t === "data" || t === void 0) && (this[Rt] = 0, !this[C] && !this[N].length && (this[g] = false)), e;
  }
  get emittedEnd() {
    return this[nt];
  }
  [J]() {
    !this[De] && !this[nt] && !this[S] && this[b].length === 0 && this[Q] && (this[De] = true, this.emit("end"), this.emit("prefinish"), this.emit("finish"), this[Ne] && this.emit("close"), this[De] = false);
  }
  emit(t, ...e) {
    let i = e[0];
    if (t !== "error" && t !== "close" && t !== S && this[S]) return false;
    if (t === "data") return !this[L] && !i ? false : this[Z] ? (jt(() => this[Oi](i)), true) : this[Oi](i);
    if (t === "end") return this[Is]();
    if (t === "close") {
      if (this[Ne] = true, !this[nt] && !this[S]) return false;
      let n = super.emit("close");
      return this.removeAllListeners("close"), n;
    } else if (t === "error") {
      this[qt] = i, super.emit(_i, i);
      let n = !this[Jt] || this.listeners("error").length ? super.emit("error", i) : false;
      return this[J](), n;
    } else if (t === "resume") {
      let n = super.emit("resume");
      return this[J](), n;
    } else if (t === "finish" || t === "prefinish") {
      let n = super.emit(t);
      return this.removeAllListeners(t), n;
    }
    let r = super.emit(t, ...e);
    return this[J](), r;
  }
  [Oi](t) {
    for (let i of this[N]) i.dest.write(t) === false && this.pause();
    let e = this[C] ? false : super.emit("data", t);
    return this[J](), e;
  }
  [Is]() {
    return this[nt] ? false : (this[nt] = true, this.readable = false, this[Z] ? (jt(() => this[Ti]()), true) : this[Ti]());
  }
  [Ti]() {
    if (this[Mt]) {
      let e = this[Mt].end();
      if (e) {
        for (let i of this[N]) i.dest.write(e);
        this[C] || super.emit("data", e);
      }
    }
    for (let e of this[N]) e.end();
    let t = super.emit("end");
    return this.removeAllListeners("end"), t;
  }
  async collect() {
    let t = Object.assign([], { dataLength: 0 });
    this[L] || (t.dataLength = 0);
    let e = this.promise();
    return this.on("data", (i) => {
      t.push(i), this[L] || (t.dataLength += i.length);
    }), await e, t;
  }
  async concat() {
    if (this[L]) throw new Error("cannot concat in objectMode");
    let t = await this.collect();
    return this[z] ? t.join("") : Buffer.concat(t, t.dataLength);
  }
  async promise() {
    return new Promise((t, e) => {
      this.on(S, () => e(new Error("stream destroyed"))), this.on("error", (i) => e(i)), this.on("end", () => t());
    });
  }
  [Symbol.asyncIterator]() {
    this[C] = false;
    let t = false, e = async () => (this.pause(), t = true, { value: void 0, done: true });
    return { next: () => {
      if (t) return e();
      let r = this.read();
      if (r !== null) return Promise.resolve({ done: false, value: r });
      if (this[Q]) return e();
      let n, o, h = (d) => {
        this.off("data", a), this.off("end", l), this.off(S, c), e(), o(d);
      }, a = (d) => {
        this.off("error", h), this.off("end", l), this.off(S, c), this.pause(), n({ value: d, done: !!this[Q] });
      }, l = () => {
        this.off("error", h), this.off("data", a), this.off(S, c), e(), n({ done: true, value: void 0 });
      }, c = () => h(new Error("stream destroyed"));
      return new Promise((d, y) => {
        o = y, n = d, this.once(S, c), this.once("error", h), this.once("end", l), this.once("data", a);
      });
    }, throw: e, return: e, [Symbol.asyncIterator]() {
      return this;
    }, [Symbol.asyncDispose]: async () => {
    } };
  }
  [Symbol.iterator]() {
    this[C] = false;
    let t = false, e = () => (this.pause(), this.off(_i, e), this.off(S, e), this.off("end", e), t = true, { done: true, value: void 0 }), i = () => {
      if (t) return e();
      let r = this.read();
      return r === null ? e() : { done: false, value: r };
    };
    return this.once("end", e), this.once(_i, e), this.once(S, e), { next: i, throw: e, return: e, [Symbol.iterator]() {
      return this;
    }, [Symbol.dispose]: () => {
    } };
  }
  destroy(t) {
    if (this[S]) return t ? this.emit("error", t) : this.emit(S), this;
    this[S] = true, this[C] = true, this[b].length = 0, this[_] = 0;
    let e = this;
    return typeof e.close == "function" && !this[Ne] && e.close(), t ? this.emit("error", t) : this.emit(S), this;
  }
  static get isStream() {
    return Wr;
  }
};
var Jr = import_fs.default.writev;
var ht = /* @__PURE__ */ Symbol("_autoClose");
var H = /* @__PURE__ */ Symbol("_close");
var te = /* @__PURE__ */ Symbol("_ended");
var m = /* @__PURE__ */ Symbol("_fd");
var Ni = /* @__PURE__ */ Symbol("_finished");
var tt = /* @__PURE__ */ Symbol("_flags");
var Ai = /* @__PURE__ */ Symbol("_flush");
var ki = /* @__PURE__ */ Symbol("_handleChunk");
var vi = /* @__PURE__ */ Symbol("_makeBuf");
var ie = /* @__PURE__ */ Symbol("_mode");
var ke = /* @__PURE__ */ Symbol("_needDrain");
var Ut = /* @__PURE__ */ Symbol("_onerror");
var Ht = /* @__PURE__ */ Symbol("_onopen");
var Ii = /* @__PURE__ */ Symbol("_onread");
var Pt = /* @__PURE__ */ Symbol("_onwrite");
var at = /* @__PURE__ */ Symbol("_open");
var U = /* @__PURE__ */ Symbol("_path");
var ot = /* @__PURE__ */ Symbol("_pos");
var Y = /* @__PURE__ */ Symbol("_queue");
var zt = /* @__PURE__ */ Symbol("_read");
var Ci = /* @__PURE__ */ Symbol("_readSize");
var j = /* @__PURE__ */ Symbol("_reading");
var ee = /* @__PURE__ */ Symbol("_remain");
var Fi = /* @__PURE__ */ Symbol("_size");
var ve = /* @__PURE__ */ Symbol("_write");
var gt = /* @__PURE__ */ Symbol("_writing");
var Me = /* @__PURE__ */ Symbol("_defaultFlag");
var bt = /* @__PURE__ */ Symbol("_errored");
var _t = class extends A {
  [bt] = false;
  [m];
  [U];
  [Ci];
  [j] = false;
  [Fi];
  [ee];
  [ht];
  constructor(t, e) {
    if (e = e || {}, super(e), this.readable = true, this.writable = false, typeof t != "string") throw new TypeError("path must be a string");
    this[bt] = false, this[m] = typeof e.fd == "number" ? e.fd : void 0, this[U] = t, this[Ci] = e.readSize || 16 * 1024 * 1024, this[j] = false, this[Fi] = typeof e.size == "number" ? e.size : 1 / 0, this[ee] = this[Fi], this[ht] = typeof e.autoClose == "boolean" ? e.autoClose : true, typeof this[m] == "number" ? this[zt]() : this[at]();
  }
  get fd() {
    return this[m];
  }
  get path() {
    return this[U];
  }
  write() {
    throw new TypeError("this is a readable stream");
  }
  end() {
    throw new TypeError("this is a readable stream");
  }
  [at]() {
    import_fs.default.open(this[U], "r", (t, e) => this[Ht](t, e));
  }
  [Ht](t, e) {
    t ? this[Ut](t) : (this[m] = e, this.emit("open", e), this[zt]());
  }
  [vi]() {
    return Buffer.allocUnsafe(Math.min(this[Ci], this[ee]));
  }
  [zt]() {
    if (!this[j]) {
      this[j] = true;
      let t = this[vi]();
      if (t.length === 0) return process.nextTick(() => this[Ii](null, 0, t));
      import_fs.default.read(this[m], t, 0, t.length, null, (e, i, r) => this[Ii](e, i, r));
    }
  }
  [Ii](t, e, i) {
    this[j] = false, t ? this[Ut](t) : this[ki](e, i) && this[zt]();
  }
  [H]() {
    if (this[ht] && typeof this[m] == "number") {
      let t = this[m];
      this[m] = void 0, import_fs.default.close(t, (e) => e ? this.emit("error", e) : this.emit("close"));
    }
  }
  [Ut](t) {
    this[j] = true, this[H](), this.emit("error", t);
  }
  [ki](t, e) {
    let i = false;
    return this[ee] -= t, t > 0 && (i = super.write(t < e.length ? e.subarray(0, t) : e)), (t === 0 || this[ee] <= 0) && (i = false, this[H](), super.end()), i;
  }
  emit(t, ...e) {
    switch (t) {
      case "prefinish":
      case "finish":
        return false;
      case "drain":
        return typeof this[m] == "number" && this[zt](), false;
      case "error":
        return this[bt] ? false : (this[bt] = true, super.emit(t, ...e));
      default:
        return super.emit(t, ...e);
    }
  }
};
var Be = class extends _t {
  [at]() {
    let t = true;
    try {
      this[Ht](null, import_fs.default.openSync(this[U], "r")), t = false;
    } finally {
      t && this[H]();
    }
  }
  [zt]() {
    let t = true;
    try {
      if (!this[j]) {
        this[j] = true;
        do {
          let e = this[vi](), i = e.length === 0 ? 0 : import_fs.default.readSync(this[m], e, 0, e.length, null);
          if (!this[ki](i, e)) break;
        } while (true);
        this[j] = false;
      }
      t = false;
    } finally {
      t && this[H]();
    }
  }
  [H]() {
    if (this[ht] && typeof this[m] == "number") {
      let t = this[m];
      this[m] = void 0, import_fs.default.closeSync(t), this.emit("close");
    }
  }
};
var et = class extends import_events.default {
  readable = false;
  writable = true;
  [bt] = false;
  [gt] = false;
  [te] = false;
  [Y] = [];
  [ke] = false;
  [U];
  [ie];
  [ht];
  [m];
  [Me];
  [tt];
  [Ni] = false;
  [ot];
  constructor(t, e) {
    e = e || {}, super(e), this[U] = t, this[m] = typeof e.fd == "number" ? e.fd : void 0, this[ie] = e.mode === void 0 ? 438 : e.mode, this[ot] = typeof e.start == "number" ? e.start : void 0, this[ht] = typeof e.autoClose == "boolean" ? e.autoClose : true;
    let i = this[ot] !== void 0 ? "r+" : "w";
    this[Me] = e.flags === void 0, this[tt] = e.flags === void 0 ? i : e.flags, this[m] === void 0 && this[at]();
  }
  emit(t, ...e) {
    if (t === "error") {
      if (this[bt]) return false;
      this[bt] = true;
    }
    return super.emit(t, ...e);
  }
  get fd() {
    return this[m];
  }
  get path() {
    return this[U];
  }
  [Ut](t) {
    this[H](), this[gt] = true, this.emit("error", t);
  }
  [at]() {
    import_fs.default.open(this[U], this[tt], this[ie], (t, e) => this[Ht](t, e));
  }
  [Ht](t, e) {
    this[Me] && this[tt] === "r+" && t && t.code === "ENOENT" ? (this[tt] = "w", this[at]()) : t ? this[Ut](t) : (this[m] = e, this.emit("open", e), this[gt] || this[Ai]());
  }
  end(t, e) {
    return t && this.write(t, e), this[te] = true, !this[gt] && !this[Y].length && typeof this[m] == "number" && this[Pt](null, 0), this;
  }
  write(t, e) {
    return typeof t == "string" && (t = Buffer.from(t, e)), this[te] ? (this.emit("error", new Error("write() after end()")), false) : this[m] === void 0 || this[gt] || this[Y].length ? (this[Y].push(t), this[ke] = true, false) : (this[gt] = true, this[ve](t), true);
  }
  [ve](t) {
    import_fs.default.write(this[m], t, 0, t.length, this[ot], (e, i) => this[Pt](e, i));
  }
  [Pt](t, e) {
    t ? this[Ut](t) : (this[ot] !== void 0 && typeof e == "number" && (this[ot] += e), this[Y].length ? this[Ai]() : (this[gt] = false, this[te] && !this[Ni] ? (this[Ni] = true, this[H](), this.emit("finish")) : this[ke] && (this[ke] = false, this.emit("drain"))));
  }
  [Ai]() {
    if (this[Y].length === 0) this[te] && this[Pt](null, 0);
    else if (this[Y].length === 1) this[ve](this[Y].pop());
    else {
      let t = this[Y];
      this[Y] = [], Jr(this[m], t, this[ot], (e, i) => this[Pt](e, i));
    }
  }
  [H]() {
    if (this[ht] && typeof this[m] == "number") {
      let t = this[m];
      this[m] = void 0, import_fs.default.close(t, (e) => e ? this.emit("error", e) : this.emit("close"));
    }
  }
};
var Wt = class extends et {
  [at]() {
    let t;
    if (this[Me] && this[tt] === "r+") try {
      t = import_fs.default.openSync(this[U], this[tt], this[ie]);
    } catch (e) {
      if (e?.code === "ENOENT") return this[tt] = "w", this[at]();
      throw e;
    }
    else t = import_fs.default.openSync(this[U], this[tt], this[ie]);
    this[Ht](null, t);
  }
  [H]() {
    if (this[ht] && typeof this[m] == "number") {
      let t = this[m];
      this[m] = void 0, import_fs.default.closeSync(t), this.emit("close");
    }
  }
  [ve](t) {
    let e = true;
    try {
      this[Pt](null, import_fs.default.writeSync(this[m], t, 0, t.length, this[ot])), e = false;
    } finally {
      if (e) try {
        this[H]();
      } catch {
      }
    }
  }
};
var jr = /* @__PURE__ */ new Map([["C", "cwd"], ["f", "file"], ["z", "gzip"], ["P", "preservePaths"], ["U", "unlink"], ["strip-components", "strip"], ["stripComponents", "strip"], ["keep-newer", "newer"], ["keepNewer", "newer"], ["keep-newer-files", "newer"], ["keepNewerFiles", "newer"], ["k", "keep"], ["keep-existing", "keep"], ["keepExisting", "keep"], ["m", "noMtime"], ["no-mtime", "noMtime"], ["p", "preserveOwner"], ["L", "follow"], ["h", "follow"], ["onentry", "onReadEntry"]]);
var Fs = (s3) => !!s3.sync && !!s3.file;
var ks = (s3) => !s3.sync && !!s3.file;
var vs = (s3) => !!s3.sync && !s3.file;
var Ms = (s3) => !s3.sync && !s3.file;
var Bs = (s3) => !!s3.file;
var tn = (s3) => {
  let t = jr.get(s3);
  return t || s3;
};
var se = (s3 = {}) => {
  if (!s3) return {};
  let t = {};
  for (let [e, i] of Object.entries(s3)) {
    let r = tn(e);
    t[r] = i;
  }
  return t.chmod === void 0 && t.noChmod === false && (t.chmod = true), delete t.noChmod, t;
};
var K = (s3, t, e, i, r) => Object.assign((n = [], o, h) => {
  Array.isArray(n) && (o = n, n = {}), typeof o == "function" && (h = o, o = void 0), o = o ? Array.from(o) : [];
  let a = se(n);
  if (r?.(a, o), Fs(a)) {
    if (typeof h == "function") throw new TypeError("callback not supported for sync tar functions");
    return s3(a, o);
  } else if (ks(a)) {
    let l = t(a, o);
    return h ? l.then(() => h(), h) : l;
  } else if (vs(a)) {
    if (typeof h == "function") throw new TypeError("callback not supported for sync tar functions");
    return e(a, o);
  } else if (Ms(a)) {
    if (typeof h == "function") throw new TypeError("callback only supported with file option");
    return i(a, o);
  }
  throw new Error("impossible options??");
}, { syncFile: s3, asyncFile: t, syncNoFile: e, asyncNoFile: i, validate: r });
var sn = import_zlib.default.constants || { ZLIB_VERNUM: 4736 };
var M = Object.freeze(Object.assign(/* @__PURE__ */ Object.create(null), { Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5, Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6, Z_NO_COMPRESSION: 0, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1, Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4, Z_DEFAULT_STRATEGY: 0, DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4, DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7, BROTLI_DECODE: 8, BROTLI_ENCODE: 9, Z_MIN_WINDOWBITS: 8, Z_MAX_WINDOWBITS: 15, Z_DEFAULT_WINDOWBITS: 15, Z_MIN_CHUNK: 64, Z_MAX_CHUNK: 1 / 0, Z_DEFAULT_CHUNK: 16384, Z_MIN_MEMLEVEL: 1, Z_MAX_MEMLEVEL: 9, Z_DEFAULT_MEMLEVEL: 8, Z_MIN_LEVEL: -1, Z_MAX_LEVEL: 9, Z_DEFAULT_LEVEL: -1, BROTLI_OPERATION_PROCESS: 0, BROTLI_OPERATION_FLUSH: 1, BROTLI_OPERATION_FINISH: 2, BROTLI_OPERATION_EMIT_METADATA: 3, BROTLI_MODE_GENERIC: 0, BROTLI_MODE_TEXT: 1, BROTLI_MODE_FONT: 2, BROTLI_DEFAULT_MODE: 0, BROTLI_MIN_QUALITY: 0, BROTLI_MAX_QUALITY: 11, BROTLI_DEFAULT_QUALITY: 11, BROTLI_MIN_WINDOW_BITS: 10, BROTLI_MAX_WINDOW_BITS: 24, BROTLI_LARGE_MAX_WINDOW_BITS: 30, BROTLI_DEFAULT_WINDOW: 22, BROTLI_MIN_INPUT_BLOCK_BITS: 16, BROTLI_MAX_INPUT_BLOCK_BITS: 24, BROTLI_PARAM_MODE: 0, BROTLI_PARAM_QUALITY: 1, BROTLI_PARAM_LGWIN: 2, BROTLI_PARAM_LGBLOCK: 3, BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING: 4, BROTLI_PARAM_SIZE_HINT: 5, BROTLI_PARAM_LARGE_WINDOW: 6, BROTLI_PARAM_NPOSTFIX: 7, BROTLI_PARAM_NDIRECT: 8, BROTLI_DECODER_RESULT_ERROR: 0, BROTLI_DECODER_RESULT_SUCCESS: 1, BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: 2, BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: 3, BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION: 0, BROTLI_DECODER_PARAM_LARGE_WINDOW: 1, BROTLI_DECODER_NO_ERROR: 0, BROTLI_DECODER_SUCCESS: 1, BROTLI_DECODER_NEEDS_MORE_INPUT: 2, BROTLI_DECODER_NEEDS_MORE_OUTPUT: 3, BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_NIBBLE: -1, BROTLI_DECODER_ERROR_FORMAT_RESERVED: -2, BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_META_NIBBLE: -3, BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_ALPHABET: -4, BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_SAME: -5, BROTLI_DECODER_ERROR_FORMAT_CL_SPACE: -6, BROTLI_DECODER_ERROR_FORMAT_HUFFMAN_SPACE: -7, BROTLI_DECODER_ERROR_FORMAT_CONTEXT_MAP_REPEAT: -8, BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_1: -9, BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_2: -10, BROTLI_DECODER_ERROR_FORMAT_TRANSFORM: -11, BROTLI_DECODER_ERROR_FORMAT_DICTIONARY: -12, BROTLI_DECODER_ERROR_FORMAT_WINDOW_BITS: -13, BROTLI_DECODER_ERROR_FORMAT_PADDING_1: -14, BROTLI_DECODER_ERROR_FORMAT_PADDING_2: -15, BROTLI_DECODER_ERROR_FORMAT_DISTANCE: -16, BROTLI_DECODER_ERROR_DICTIONARY_NOT_SET: -19, BROTLI_DECODER_ERROR_INVALID_ARGUMENTS: -20, BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES: -21, BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS: -22, BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP: -25, BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1: -26, BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2: -27, BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES: -30, BROTLI_DECODER_ERROR_UNREACHABLE: -31 }, sn));
var rn = import_buffer.Buffer.concat;
var zs = Object.getOwnPropertyDescriptor(import_buffer.Buffer, "concat");
var nn = (s3) => s3;
var Bi = zs?.writable === true || zs?.set !== void 0 ? (s3) => {
  import_buffer.Buffer.concat = s3 ? nn : rn;
} : (s3) => {
};
var Tt = /* @__PURE__ */ Symbol("_superWrite");
var Gt = class extends Error {
  code;
  errno;
  constructor(t, e) {
    super("zlib: " + t.message, { cause: t }), this.code = t.code, this.errno = t.errno, this.code || (this.code = "ZLIB_ERROR"), this.message = "zlib: " + t.message, Error.captureStackTrace(this, e ?? this.constructor);
  }
  get name() {
    return "ZlibError";
  }
};
var Pi = /* @__PURE__ */ Symbol("flushFlag");
var re = class extends A {
  #t = false;
  #i = false;
  #s;
  #n;
  #r;
  #e;
  #o;
  get sawError() {
    return this.#t;
  }
  get handle() {
    return this.#e;
  }
  get flushFlag() {
    return this.#s;
  }
  constructor(t, e) {
    if (!t || typeof t != "object") throw new TypeError("invalid options for ZlibBase constructor");
    if (super(t), this.#s = t.flush ?? 0, this.#n = t.finishFlush ?? 0, this.#r = t.fullFlushFlag ?? 0, typeof Ps[e] != "function") throw new TypeError("Compression method not supported: " + e);
    try {
      this.#e = new Ps[e](t);
    } catch (i) {
      throw new Gt(i, this.constructor);
    }
    this.#o = (i) => {
      this.#t || (this.#t = true, this.close(), this.emit("error", i));
    }, this.#e?.on("error", (i) => this.#o(new Gt(i))), this.once("end", () => this.close);
  }
  close() {
    this.#e && (this.#e.close(), this.#e = void 0, this.emit("close"));
  }
  reset() {
    if (!this.#t) return (0, import_assert.default)(this.#e, "zlib binding closed"), this.#e.reset?.();
  }
  flush(t) {
    this.ended || (typeof t != "number" && (t = this.#r), this.write(Object.assign(import_buffer.Buffer.alloc(0), { [Pi]: t })));
  }
  end(t, e, i) {
    return typeof t == "function" && (i = t, e = void 0, t = void 0), typeof e == "function" && (i = e, e = void 0), t && (e ? this.write(t, e) : this.write(t)), this.flush(this.#n), this.#i = true, super.end(i);
  }
  get ended() {
    return this.#i;
  }
  [Tt](t) {
    return super.write(t);
  }
  write(t, e, i) {
    if (typeof e == "function" && (i = e, e = "utf8"), typeof t == "string" && (t = import_buffer.Buffer.from(t, e)), this.#t) return;
    (0, import_assert.default)(this.#e, "zlib binding closed");
    let r = this.#e._handle, n = r.close;
    r.close = () => {
    };
    let o = this.#e.close;
    this.#e.close = () => {
    }, Bi(true);
    let h;
    try {
      let l = typeof t[Pi] == "number" ? t[Pi] : this.#s;
      h = this.#e._processChunk(t, l), Bi(false);
    } catch (l) {
      Bi(false), this.#o(new Gt(l, this.write));
    } finally {
      this.#e && (this.#e._handle = r, r.close = n, this.#e.close = o, this.#e.removeAllListeners("error"));
    }
    this.#e && this.#e.on("error", (l) => this.#o(new Gt(l, this.write)));
    let a;
    if (h) if (Array.isArray(h) && h.length > 0) {
      let l = h[0];
      a = this[Tt](import_buffer.Buffer.from(l));
      for (let c = 1; c < h.length; c++) a = this[Tt](h[c]);
    } else a = this[Tt](import_buffer.Buffer.from(h));
    return i && i(), a;
  }
};
var Pe = class extends re {
  #t;
  #i;
  constructor(t, e) {
    t = t || {}, t.flush = t.flush || M.Z_NO_FLUSH, t.finishFlush = t.finishFlush || M.Z_FINISH, t.fullFlushFlag = M.Z_FULL_FLUSH, super(t, e), this.#t = t.level, this.#i = t.strategy;
  }
  params(t, e) {
    if (!this.sawError) {
      if (!this.handle) throw new Error("cannot switch params when binding is closed");
      if (!this.handle.params) throw new Error("not supported in this implementation");
      if (this.#t !== t || this.#i !== e) {
        this.flush(M.Z_SYNC_FLUSH), (0, import_assert.default)(this.handle, "zlib binding closed");
        let i = this.handle.flush;
        this.handle.flush = (r, n) => {
          typeof r == "function" && (n = r, r = this.flushFlag), this.flush(r), n?.();
        };
        try {
          this.handle.params(t, e);
        } finally {
          this.handle.flush = i;
        }
        this.handle && (this.#t = t, this.#i = e);
      }
    }
  }
};
var ze = class extends Pe {
  #t;
  constructor(t) {
    super(t, "Gzip"), this.#t = t && !!t.portable;
  }
  [Tt](t) {
    return this.#t ? (this.#t = false, t[9] = 255, super[Tt](t)) : super[Tt](t);
  }
};
var Ue = class extends Pe {
  constructor(t) {
    super(t, "Unzip");
  }
};
var He = class extends re {
  constructor(t, e) {
    t = t || {}, t.flush = t.flush || M.BROTLI_OPERATION_PROCESS, t.finishFlush = t.finishFlush || M.BROTLI_OPERATION_FINISH, t.fullFlushFlag = M.BROTLI_OPERATION_FLUSH, super(t, e);
  }
};
var We = class extends He {
  constructor(t) {
    super(t, "BrotliCompress");
  }
};
var Ge = class extends He {
  constructor(t) {
    super(t, "BrotliDecompress");
  }
};
var Ze = class extends re {
  constructor(t, e) {
    t = t || {}, t.flush = t.flush || M.ZSTD_e_continue, t.finishFlush = t.finishFlush || M.ZSTD_e_end, t.fullFlushFlag = M.ZSTD_e_flush, super(t, e);
  }
};
var Ye = class extends Ze {
  constructor(t) {
    super(t, "ZstdCompress");
  }
};
var Ke = class extends Ze {
  constructor(t) {
    super(t, "ZstdDecompress");
  }
};
var Us = (s3, t) => {
  if (Number.isSafeInteger(s3)) s3 < 0 ? an(s3, t) : hn(s3, t);
  else throw Error("cannot encode number outside of javascript safe integer range");
  return t;
};
var hn = (s3, t) => {
  t[0] = 128;
  for (var e = t.length; e > 1; e--) t[e - 1] = s3 & 255, s3 = Math.floor(s3 / 256);
};
var an = (s3, t) => {
  t[0] = 255;
  var e = false;
  s3 = s3 * -1;
  for (var i = t.length; i > 1; i--) {
    var r = s3 & 255;
    s3 = Math.floor(s3 / 256), e ? t[i - 1] = Ws(r) : r === 0 ? t[i - 1] = 0 : (e = true, t[i - 1] = Gs(r));
  }
};
var Hs = (s3) => {
  let t = s3[0], e = t === 128 ? cn(s3.subarray(1, s3.length)) : t === 255 ? ln(s3) : null;
  if (e === null) throw Error("invalid base256 encoding");
  if (!Number.isSafeInteger(e)) throw Error("parsed number outside of javascript safe integer range");
  return e;
};
var ln = (s3) => {
  for (var t = s3.length, e = 0, i = false, r = t - 1; r > -1; r--) {
    var n = Number(s3[r]), o;
    i ? o = Ws(n) : n === 0 ? o = n : (i = true, o = Gs(n)), o !== 0 && (e -= o * Math.pow(256, t - r - 1));
  }
  return e;
};
var cn = (s3) => {
  for (var t = s3.length, e = 0, i = t - 1; i > -1; i--) {
    var r = Number(s3[i]);
    r !== 0 && (e += r * Math.pow(256, t - i - 1));
  }
  return e;
};
var Ws = (s3) => (255 ^ s3) & 255;
var Gs = (s3) => (255 ^ s3) + 1 & 255;
var Hi = {};
Ur(Hi, { code: () => Ve, isCode: () => ne, isName: () => dn, name: () => oe, normalFsTypes: () => Ui });
var ne = (s3) => oe.has(s3);
var dn = (s3) => Ve.has(s3);
var Ui = /* @__PURE__ */ new Set(["0", "", "1", "2", "3", "4", "5", "6", "7", "D"]);
var oe = /* @__PURE__ */ new Map([["0", "File"], ["", "OldFile"], ["1", "Link"], ["2", "SymbolicLink"], ["3", "CharacterDevice"], ["4", "BlockDevice"], ["5", "Directory"], ["6", "FIFO"], ["7", "ContiguousFile"], ["g", "GlobalExtendedHeader"], ["x", "ExtendedHeader"], ["A", "SolarisACL"], ["D", "GNUDumpDir"], ["I", "Inode"], ["K", "NextFileHasLongLinkpath"], ["L", "NextFileHasLongPath"], ["M", "ContinuationFile"], ["N", "OldGnuLongPath"], ["S", "SparseFile"], ["V", "TapeVolumeHeader"], ["X", "OldExtendedHeader"]]);
var Ve = new Map(Array.from(oe).map((s3) => [s3[1], s3[0]]));
var un = (s3) => s3 === void 0 || s3 < 0 ? void 0 : s3;
var F = class {
  cksumValid = false;
  needPax = false;
  nullBlock = false;
  block;
  path;
  mode;
  uid;
  gid;
  size;
  cksum;
  #t = "Unsupported";
  linkpath;
  uname;
  gname;
  devmaj = 0;
  devmin = 0;
  atime;
  ctime;
  mtime;
  charset;
  comment;
  constructor(t, e = 0, i, r) {
    Buffer.isBuffer(t) ? this.decode(t, e || 0, i, r) : t && this.#i(t);
  }
  decode(t, e, i, r) {
    if (e || (e = 0), !t || !(t.length >= e + 512)) throw new Error("need 512 bytes for header");
    let n = xt(t, e + 156, 1), o = Ui.has(n), h = o ? i : void 0, a = o ? r : void 0;
    if (this.path = h?.path ?? xt(t, e, 100), this.mode = h?.mode ?? a?.mode ?? lt(t, e + 100, 8), this.uid = h?.uid ?? a?.uid ?? lt(t, e + 108, 8), this.gid = h?.gid ?? a?.gid ?? lt(t, e + 116, 8), this.size = un(h?.size ?? a?.size ?? lt(t, e + 124, 12)), this.mtime = h?.mtime ?? a?.mtime ?? Wi(t, e + 136, 12), this.cksum = lt(t, e + 148, 12), a && this.#i(a, true), h && this.#i(h), ne(n) && (this.#t = n || "0"), this.#t === "0" && this.path.slice(-1) === "/" && (this.#t = "5"), this.#t === "5" && (this.size = 0), this.linkpath = xt(t, e + 157, 100), t.subarray(e + 257, e + 265).toString() === "ustar\x0000") if (this.uname = h?.uname ?? a?.uname ?? xt(t, e + 265, 32), this.gname = h?.gname ?? a?.gname ?? xt(t, e + 297, 32), this.devmaj = h?.devmaj ?? a?.devmaj ?? lt(t, e + 329, 8) ?? 0, this.devmin = h?.devmin ?? a?.devmin ?? lt(t, e + 337, 8) ?? 0, t[e + 475] !== 0) {
      let c = xt(t, e + 345, 155);
      this.path = c + "/" + this.path;
    } else {
      let c = xt(t, e + 345, 130);
      c && (this.path = c + "/" + this.path), this.atime = i?.atime ?? r?.atime ?? Wi(t, e + 476, 12), this.ctime = i?.ctime ?? r?.ctime ?? Wi(t, e + 488, 12);
    }
    let l = 256;
    for (let c = e; c < e + 148; c++) l += t[c];
    for (let c = e + 156; c < e + 512; c++) l += t[c];
    this.cksumValid = l === this.cksum, this.cksum === void 0 && l === 256 && (this.nullBlock = true);
  }
  #i(t, e = false) {
    Object.assign(this, Object.fromEntries(Object.entries(t).filter(([i, r]) => !(r == null || i === "size" && Number(r) < 0 || i === "path" && e || i === "linkpath" && e || i === "global"))));
  }
  encode(t, e = 0) {
    if (t || (t = this.block = Buffer.alloc(512)), this.#t === "Unsupported" && (this.#t = "0"), !(t.length >= e + 512)) throw new Error("need 512 bytes for header");
    let i = this.ctime || this.atime ? 130 : 155, r = mn(this.path || "", i), n = r[0], o = r[1];
    this.needPax = !!r[2], this.needPax = Lt(t, e, 100, n) || this.needPax, this.needPax = ct(t, e + 100, 8, this.mode) || this.needPax, this.needPax = ct(t, e + 108, 8, this.uid) || this.needPax, this.needPax = ct(t, e + 116, 8, this.gid) || this.needPax, this.needPax = ct(t, e + 124, 12, this.size) || this.needPax, this.needPax = Gi(t, e + 136, 12, this.mtime) || this.needPax, t[e + 156] = Number(this.#t.codePointAt(0)), this.needPax = Lt(t, e + 157, 100, this.linkpath) || this.needPax, t.write("ustar\x0000", e + 257, 8), this.needPax = Lt(t, e + 265, 32, this.uname) || this.needPax, this.needPax = Lt(t, e + 297, 32, this.gname) || this.needPax, this.needPax = ct(t, e + 329, 8, this.devmaj) || this.needPax, this.needPax = ct(t, e + 337, 8, this.devmin) || this.needPax, this.needPax = Lt(t, e + 345, i, o) || this.needPax, t[e + 475] !== 0 ? this.needPax = Lt(t, e + 345, 155, o) || this.needPax : (this.needPax = Lt(t, e + 345, 130, o) || this.needPax, this.needPax = Gi(t, e + 476, 12, this.atime) || this.needPax, this.needPax = Gi(t, e + 488, 12, this.ctime) || this.needPax);
    let h = 256;
    for (let a = e; a < e + 148; a++) h += t[a];
    for (let a = e + 156; a < e + 512; a++) h += t[a];
    return this.cksum = h, ct(t, e + 148, 8, this.cksum), this.cksumValid = true, this.needPax;
  }
  get type() {
    return this.#t === "Unsupported" ? this.#t : oe.get(this.#t);
  }
  get typeKey() {
    return this.#t;
  }
  set type(t) {
    let e = String(Ve.get(t));
    if (ne(e) || e === "Unsupported") this.#t = e;
    else if (ne(t)) this.#t = t;
    else throw new TypeError("invalid entry type: " + t);
  }
};
var mn = (s3, t) => {
  let i = s3, r = "", n, o = import_node_path17.posix.parse(s3).root || ".";
  if (Buffer.byteLength(i) < 100) n = [i, r, false];
  else {
    r = import_node_path17.posix.dirname(i), i = import_node_path17.posix.basename(i);
    do
      Buffer.byteLength(i) <= 100 && Buffer.byteLength(r) <= t ? n = [i, r, false] : Buffer.byteLength(i) > 100 && Buffer.byteLength(r) <= t ? n = [i.slice(0, 99), r, true] : (i = import_node_path17.posix.join(import_node_path17.posix.basename(r), i), r = import_node_path17.posix.dirname(r));
    while (r !== o && n === void 0);
    n || (n = [s3.slice(0, 99), "", true]);
  }
  return n;
};
var xt = (s3, t, e) => s3.subarray(t, t + e).toString("utf8").replace(/\0.*/, "");
var Wi = (s3, t, e) => pn(lt(s3, t, e));
var pn = (s3) => s3 === void 0 ? void 0 : new Date(s3 * 1e3);
var lt = (s3, t, e) => Number(s3[t]) & 128 ? Hs(s3.subarray(t, t + e)) : wn(s3, t, e);
var En = (s3) => isNaN(s3) ? void 0 : s3;
var wn = (s3, t, e) => En(parseInt(s3.subarray(t, t + e).toString("utf8").replace(/\0.*$/, "").trim(), 8));
var Sn = { 12: 8589934591, 8: 2097151 };
var ct = (s3, t, e, i) => i === void 0 ? false : i > Sn[e] || i < 0 ? (Us(i, s3.subarray(t, t + e)), true) : (yn(s3, t, e, i), false);
var yn = (s3, t, e, i) => s3.write(Rn(i, e), t, e, "ascii");
var Rn = (s3, t) => gn(Math.floor(s3).toString(8), t);
var gn = (s3, t) => (s3.length === t - 1 ? s3 : new Array(t - s3.length - 1).join("0") + s3 + " ") + "\0";
var Gi = (s3, t, e, i) => i === void 0 ? false : ct(s3, t, e, i.getTime() / 1e3);
var bn = new Array(156).join("\0");
var Lt = (s3, t, e, i) => i === void 0 ? false : (s3.write(i + bn, t, e, "utf8"), i.length !== Buffer.byteLength(i) || i.length > e);
var ft = class s {
  atime;
  mtime;
  ctime;
  charset;
  comment;
  gid;
  uid;
  gname;
  uname;
  linkpath;
  dev;
  ino;
  nlink;
  path;
  size;
  mode;
  global;
  constructor(t, e = false) {
    this.atime = t.atime, this.charset = t.charset, this.comment = t.comment, this.ctime = t.ctime, this.dev = t.dev, this.gid = t.gid, this.global = e, this.gname = t.gname, this.ino = t.ino, this.linkpath = t.linkpath, this.mtime = t.mtime, this.nlink = t.nlink, this.path = t.path, this.size = t.size, this.uid = t.uid, this.uname = t.uname;
  }
  encode() {
    let t = this.encodeBody();
    if (t === "") return Buffer.allocUnsafe(0);
    let e = Buffer.byteLength(t), i = 512 * Math.ceil(1 + e / 512), r = Buffer.allocUnsafe(i);
    for (let n = 0; n < 512; n++) r[n] = 0;
    new F({ path: ("PaxHeader/" + (0, import_node_path18.basename)(this.path ?? "")).slice(0, 99), mode: this.mode || 420, uid: this.uid, gid: this.gid, size: e, mtime: this.mtime, type: this.global ? "GlobalExtendedHeader" : "ExtendedHeader", linkpath: "", uname: this.uname || "", gname: this.gname || "", devmaj: 0, devmin: 0, atime: this.atime, ctime: this.ctime }).encode(r), r.write(t, 512, e, "utf8");
    for (let n = e + 512; n < r.length; n++) r[n] = 0;
    return r;
  }
  encodeBody() {
    return this.encodeField("path") + this.encodeField("ctime") + this.encodeField("atime") + this.encodeField("dev") + this.encodeField("ino") + this.encodeField("nlink") + this.encodeField("charset") + this.encodeField("comment") + this.encodeField("gid") + this.encodeField("gname") + this.encodeField("linkpath") + this.encodeField("mtime") + this.encodeField("size") + this.encodeField("uid") + this.encodeField("uname");
  }
  encodeField(t) {
    if (this[t] === void 0) return "";
    let e = this[t], i = e instanceof Date ? e.getTime() / 1e3 : e, r = " " + (t === "dev" || t === "ino" || t === "nlink" ? "SCHILY." : "") + t + "=" + i + `
`, n = Buffer.byteLength(r), o = Math.floor(Math.log(n) / Math.log(10)) + 1;
    return n + o >= Math.pow(10, o) && (o += 1), o + n + r;
  }
  static parse(t, e, i = false) {
    return new s(On(Tn(t), e), i);
  }
};
var On = (s3, t) => t ? Object.assign({}, t, s3) : s3;
var Tn = (s3) => s3.replace(/\n$/, "").split(`
`).reduce(xn, /* @__PURE__ */ Object.create(null));
var xn = (s3, t) => {
  let e = parseInt(t, 10);
  if (e !== Buffer.byteLength(t) + 1) return s3;
  t = t.slice((e + " ").length);
  let i = t.split("="), r = i.shift();
  if (!r) return s3;
  let n = r.replace(/^SCHILY\.(dev|ino|nlink)/, "$1"), o = i.join("=").replace(/\0.*/, "");
  switch (n) {
    case "path":
    case "linkpath":
    case "type":
    case "charset":
    case "comment":
    case "gname":
    case "uname":
      s3[n] = o;
      break;
    case "ctime":
    case "atime":
    case "mtime":
      s3[n] = new Date(Number(o) * 1e3);
      break;
    case "size":
      let h = +o;
      h >= 0 && (s3[n] = h);
      break;
    case "gid":
    case "uid":
    case "dev":
    case "ino":
    case "nlink":
    case "mode":
      s3[n] = +o;
      break;
  }
  return s3;
};
var Ln = process.env.TESTING_TAR_FAKE_PLATFORM || process.platform;
var f = Ln !== "win32" ? (s3) => String(s3) : (s3) => String(s3).replaceAll(/\\/g, "/");
var $e = class extends A {
  extended;
  globalExtended;
  header;
  startBlockSize;
  blockRemain;
  remain;
  type;
  meta = false;
  ignore = false;
  path;
  mode;
  uid;
  gid;
  uname;
  gname;
  size = 0;
  mtime;
  atime;
  ctime;
  linkpath;
  dev;
  ino;
  nlink;
  invalid = false;
  absolute;
  unsupported = false;
  constructor(t, e, i) {
    switch (super({}), this.pause(), this.extended = e, this.globalExtended = i, this.header = t, this.remain = t.size ?? 0, this.startBlockSize = 512 * Math.ceil(this.remain / 512), this.blockRemain = this.startBlockSize, this.type = t.type, this.type) {
      case "File":
      case "OldFile":
      case "Link":
      case "SymbolicLink":
      case "CharacterDevice":
      case "BlockDevice":
      case "Directory":
      case "FIFO":
      case "ContiguousFile":
      case "GNUDumpDir":
        break;
      case "NextFileHasLongLinkpath":
      case "NextFileHasLongPath":
      case "OldGnuLongPath":
      case "GlobalExtendedHeader":
      case "ExtendedHeader":
      case "OldExtendedHeader":
        this.meta = true;
        break;
      default:
        this.ignore = true;
    }
    if (!t.path) throw new Error("no path provided for tar.ReadEntry");
    this.path = f(t.path), this.mode = t.mode, this.mode && (this.mode = this.mode & 4095), this.uid = t.uid, this.gid = t.gid, this.uname = t.uname, this.gname = t.gname, this.size = this.remain, this.mtime = t.mtime, this.atime = t.atime, this.ctime = t.ctime, this.linkpath = t.linkpath ? f(t.linkpath) : void 0, this.uname = t.uname, this.gname = t.gname, e && this.#t(e), i && this.#t(i, true);
  }
  write(t) {
    let e = t.length;
    if (e > this.blockRemain) throw new Error("writing more to entry than is appropriate");
    let i = this.remain, r = this.blockRemain;
    return this.remain = Math.max(0, i - e), this.blockRemain = Math.max(0, r - e), this.ignore ? true : i >= e ? super.write(t) : super.write(t.subarray(0, i));
  }
  #t(t, e = false) {
    t.path && (t.path = f(t.path)), t.linkpath && (t.linkpath = f(t.linkpath)), Object.assign(this, Object.fromEntries(Object.entries(t).filter(([i, r]) => !(r == null || i === "path" && e))));
  }
};
var Dt = (s3, t, e, i = {}) => {
  s3.file && (i.file = s3.file), s3.cwd && (i.cwd = s3.cwd), i.code = e instanceof Error && e.code || t, i.tarCode = t, !s3.strict && i.recoverable !== false ? (e instanceof Error && (i = Object.assign(e, i), e = e.message), s3.emit("warn", t, e, i)) : e instanceof Error ? s3.emit("error", Object.assign(e, i)) : s3.emit("error", Object.assign(new Error(`${t}: ${e}`), i));
};
var Nn = 1024 * 1024;
var Xi = Buffer.from([31, 139]);
var qi = Buffer.from([40, 181, 47, 253]);
var An = Math.max(Xi.length, qi.length);
var B = /* @__PURE__ */ Symbol("state");
var Nt = /* @__PURE__ */ Symbol("writeEntry");
var it = /* @__PURE__ */ Symbol("readEntry");
var Zi = /* @__PURE__ */ Symbol("nextEntry");
var Zs = /* @__PURE__ */ Symbol("processEntry");
var V = /* @__PURE__ */ Symbol("extendedHeader");
var he = /* @__PURE__ */ Symbol("globalExtendedHeader");
var dt = /* @__PURE__ */ Symbol("meta");
var Ys = /* @__PURE__ */ Symbol("emitMeta");
var p = /* @__PURE__ */ Symbol("buffer");
var st = /* @__PURE__ */ Symbol("queue");
var ut = /* @__PURE__ */ Symbol("ended");
var Yi = /* @__PURE__ */ Symbol("emittedEnd");
var At = /* @__PURE__ */ Symbol("emit");
var w = /* @__PURE__ */ Symbol("unzip");
var Xe = /* @__PURE__ */ Symbol("consumeChunk");
var qe = /* @__PURE__ */ Symbol("consumeChunkSub");
var Ki = /* @__PURE__ */ Symbol("consumeBody");
var Ks = /* @__PURE__ */ Symbol("consumeMeta");
var Vs = /* @__PURE__ */ Symbol("consumeHeader");
var ae = /* @__PURE__ */ Symbol("consuming");
var Vi = /* @__PURE__ */ Symbol("bufferConcat");
var Qe = /* @__PURE__ */ Symbol("maybeEnd");
var Yt = /* @__PURE__ */ Symbol("writing");
var $ = /* @__PURE__ */ Symbol("aborted");
var Je = /* @__PURE__ */ Symbol("onDone");
var It = /* @__PURE__ */ Symbol("sawValidEntry");
var je = /* @__PURE__ */ Symbol("sawNullBlock");
var ti = /* @__PURE__ */ Symbol("sawEOF");
var $s = /* @__PURE__ */ Symbol("closeStream");
var In = 1e3;
var le = /* @__PURE__ */ Symbol("compressedBytesRead");
var $i = /* @__PURE__ */ Symbol("decompressedBytesRead");
var Xs = /* @__PURE__ */ Symbol("checkDecompressionRatio");
var Cn = () => true;
var rt = class extends import_events2.EventEmitter {
  file;
  strict;
  maxMetaEntrySize;
  filter;
  brotli;
  zstd;
  maxDecompressionRatio;
  writable = true;
  readable = false;
  [st] = [];
  [p];
  [it];
  [Nt];
  [B] = "begin";
  [dt] = "";
  [V];
  [he];
  [ut] = false;
  [w];
  [$] = false;
  [It];
  [je] = false;
  [ti] = false;
  [Yt] = false;
  [ae] = false;
  [Yi] = false;
  [le] = 0;
  [$i] = 0;
  constructor(t = {}) {
    super(), this.file = t.file || "", this.on(Je, () => {
      (this[B] === "begin" || this[It] === false) && this.warn("TAR_BAD_ARCHIVE", "Unrecognized archive format");
    }), t.ondone ? this.on(Je, t.ondone) : this.on(Je, () => {
      this.emit("prefinish"), this.emit("finish"), this.emit("end");
    }), this.strict = !!t.strict, this.maxDecompressionRatio = typeof t.maxDecompressionRatio == "number" ? t.maxDecompressionRatio : In, this.maxMetaEntrySize = t.maxMetaEntrySize || Nn, this.filter = typeof t.filter == "function" ? t.filter : Cn;
    let e = t.file && (t.file.endsWith(".tar.br") || t.file.endsWith(".tbr"));
    this.brotli = !(t.gzip || t.zstd) && t.brotli !== void 0 ? t.brotli : e ? void 0 : false;
    let i = t.file && (t.file.endsWith(".tar.zst") || t.file.endsWith(".tzst"));
    this.zstd = !(t.gzip || t.brotli) && t.zstd !== void 0 ? t.zstd : i ? true : void 0, this.on("end", () => this[$s]()), typeof t.onwarn == "function" && this.on("warn", t.onwarn), typeof t.onReadEntry == "function" && this.on("entry", t.onReadEntry);
  }
  warn(t, e, i = {}) {
    Dt(this, t, e, i);
  }
  [Vs](t, e) {
    this[It] === void 0 && (this[It] = false);
    let i;
    try {
      i = new F(t, e, this[V], this[he]);
    } catch (r) {
      return this.warn("TAR_ENTRY_INVALID", r);
    }
    if (i.nullBlock) this[je] ? (this[ti] = true, this[B] === "begin" && (this[B] = "header"), this[At]("eof")) : (this[je] = true, this[At]("nullBlock"));
    else if (this[je] = false, !i.cksumValid) this.warn("TAR_ENTRY_INVALID", "checksum failure", { header: i });
    else if (!i.path) this.warn("TAR_ENTRY_INVALID", "path is required", { header: i });
    else {
      let r = i.type;
      if (/^(Symbolic)?Link$/.test(r) && !i.linkpath) this.warn("TAR_ENTRY_INVALID", "linkpath required", { header: i });
      else if (!/^(Symbolic)?Link$/.test(r) && !/^(Global)?ExtendedHeader$/.test(r) && i.linkpath) this.warn("TAR_ENTRY_INVALID", "linkpath forbidden", { header: i });
      else {
        let n = this[Nt] = new $e(i, this[V], this[he]);
        if (!this[It]) if (n.remain) {
          let o = () => {
            n.invalid || (this[It] = true);
          };
          n.on("end", o);
        } else this[It] = true;
        n.meta ? n.size > this.maxMetaEntrySize ? (n.ignore = true, this[At]("ignoredEntry", n), this[B] = "ignore", n.resume()) : n.size > 0 && (this[dt] = "", n.on("data", (o) => this[dt] += o), this[B] = "meta") : (this[V] = void 0, n.ignore = n.ignore || !this.filter(n.path, n), n.ignore ? (this[At]("ignoredEntry", n), this[B] = n.remain ? "ignore" : "header", n.resume()) : (n.remain ? this[B] = "body" : (this[B] = "header", n.end()), this[it] ? this[st].push(n) : (this[st].push(n), this[Zi]())));
      }
    }
  }
  [$s]() {
    queueMicrotask(() => this.emit("close"));
  }
  [Zs](t) {
    let e = true;
    if (!t) this[it] = void 0, e = false;
    else if (Array.isArray(t)) {
      let [i, ...r] = t;
      this.emit(i, ...r);
    } else this[it] = t, this.emit("entry", t), t.emittedEnd || (t.on("end", () => this[Zi]()), e = false);
    return e;
  }
  [Zi]() {
    do
      ;
    while (this[Zs](this[st].shift()));
    if (this[st].length === 0) {
      let t = this[it];
      !t || t.flowing || t.size === t.remain ? this[Yt] || this.emit("drain") : t.once("drain", () => this.emit("drain"));
    }
  }
  [Ki](t, e) {
    let i = this[Nt];
    if (!i) throw new Error("attempt to consume body without entry??");
    let r = i.blockRemain ?? 0, n = r >= t.length && e === 0 ? t : t.subarray(e, e + r);
    return i.write(n), i.blockRemain || (this[B] = "header", this[Nt] = void 0, i.end()), n.length;
  }
  [Ks](t, e) {
    let i = this[Nt], r = this[Ki](t, e);
    return !this[Nt] && i && this[Ys](i), r;
  }
  [At](t, e, i) {
    this[st].length === 0 && !this[it] ? this.emit(t, e, i) : this[st].push([t, e, i]);
  }
  [Ys](t) {
    switch (this[At]("meta", this[dt]), t.type) {
      case "ExtendedHeader":
      case "OldExtendedHeader":
        this[V] = ft.parse(this[dt], this[V], false);
        break;
      case "GlobalExtendedHeader":
        this[he] = ft.parse(this[dt], this[he], true);
        break;
      case "NextFileHasLongPath":
      case "OldGnuLongPath": {
        let e = this[V] ?? /* @__PURE__ */ Object.create(null);
        this[V] = e, e.path = this[dt].replace(/\0.*/, "");
        break;
      }
      case "NextFileHasLongLinkpath": {
        let e = this[V] || /* @__PURE__ */ Object.create(null);
        this[V] = e, e.linkpath = this[dt].replace(/\0.*/, "");
        break;
      }
      default:
        throw new Error("unknown meta: " + t.type);
    }
  }
  abort(t) {
    if (!this[$]) {
      if (this[w]) {
        let e = this[w];
        e.write = () => true, e.end = () => e, e.emit = () => false, e.destroy?.();
      }
      this[$] = true, this.emit("abort", t), this.warn("TAR_ABORT", t, { recoverable: false });
    }
  }
  [Xs](t) {
    this[$i] += t.length;
    let e = this[$i] / this[le];
    return e > this.maxDecompressionRatio ? (this.abort(new Error(`max decompression ratio exceeded: ${e.toFixed(2)} > ${this.maxDecompressionRatio}`)), false) : true;
  }
  write(t, e, i) {
    if (typeof e == "function" && (i = e, e = void 0), typeof t == "string" && (t = Buffer.from(t, typeof e == "string" ? e : "utf8")), this[$]) return i?.(), false;
    if ((this[w] === void 0 || this.brotli === void 0 && this[w] === false) && t) {
      if (this[p] && (t = Buffer.concat([this[p], t]), this[p] = void 0), t.length < An) return this[p] = t, i?.(), true;
      for (let a = 0; this[w] === void 0 && a < Xi.length; a++) t[a] !== Xi[a] && (this[w] = false);
      let o = false;
      if (this[w] === false && this.zstd !== false) {
        o = true;
        for (let a = 0; a < qi.length; a++) if (t[a] !== qi[a]) {
          o = false;
          break;
        }
      }
      let h = this.brotli === void 0 && !o;
      if (this[w] === false && h) if (t.length < 512) if (this[ut]) this.brotli = true;
      else return this[p] = t, i?.(), true;
      else try {
        new F(t.subarray(0, 512)), this.brotli = false;
      } catch {
        this.brotli = true;
      }
      if (this[w] === void 0 || this[w] === false && (this.brotli || o)) {
        let a = this[ut];
        this[ut] = false, this[w] = this[w] === void 0 ? new Ue({}) : o ? new Ke({}) : new Ge({}), this[w].on("data", (c) => {
          this[Xs](c) && this[Xe](c);
        }), this[w].on("error", (c) => {
          this[$] || this.abort(c);
        }), this[w].on("end", () => {
          this[ut] = true, this[Xe]();
        }), this[Yt] = true, this[le] += t.length;
        let l = !!this[w][a ? "end" : "write"](t);
        return this[Yt] = false, i?.(), l;
      }
    }
    this[Yt] = true, this[w] ? (this[le] += t.length, this[w].write(t)) : this[Xe](t), this[Yt] = false;
    let n = this[st].length > 0 ? false : this[it] ? this[it].flowing : true;
    return !n && this[st].length === 0 && this[it]?.once("drain", () => this.emit("drain")), i?.(), n;
  }
  [Vi](t) {
    t && !this[$] && (this[p] = this[p] ? Buffer.concat([this[p], t]) : t);
  }
  [Qe]() {
    if (this[ut] && !this[Yi] && !this[$] && !this[ae]) {
      this[Yi] = true;
      let t = this[Nt];
      if (t?.blockRemain) {
        let e = this[p] ? this[p].length : 0;
        this.warn("TAR_BAD_ARCHIVE", `Truncated input (needed ${t.blockRemain} more bytes, only ${e} available)`, { entry: t }), this[p] && t.write(this[p]), t.end();
      }
      this[At](Je);
    }
  }
  [Xe](t) {
    if (this[ae] && t) this[Vi](t);
    else if (!t && !this[p]) this[Qe]();
    else if (t) {
      if (this[ae] = true, this[p]) {
        this[Vi](t);
        let e = this[p];
        this[p] = void 0, this[qe](e);
      } else this[qe](t);
      for (; this[p] && this[p]?.length >= 512 && !this[$] && !this[ti]; ) {
        let e = this[p];
        this[p] = void 0, this[qe](e);
      }
      this[ae] = false;
    }
    (!this[p] || this[ut]) && this[Qe]();
  }
  [qe](t) {
    let e = 0, i = t.length;
    for (; e + 512 <= i && !this[$] && !this[ti]; ) switch (this[B]) {
      case "begin":
      case "header":
        this[Vs](t, e), e += 512;
        break;
      case "ignore":
      case "body":
        e += this[Ki](t, e);
        break;
      case "meta":
        e += this[Ks](t, e);
        break;
      default:
        throw new Error("invalid state: " + this[B]);
    }
    e < i && (this[p] = this[p] ? Buffer.concat([t.subarray(e), this[p]]) : t.subarray(e));
  }
  end(t, e, i) {
    return typeof t == "function" && (i = t, e = void 0, t = void 0), typeof e == "function" && (i = e, e = void 0), typeof t == "string" && (t = Buffer.from(t, e)), i && this.once("finish", i), this[$] || (this[w] ? (t && (this[le] += t.length, this[w].write(t)), this[w].end()) : (this[ut] = true, (this.brotli === void 0 || this.zstd === void 0) && (t = t || Buffer.alloc(0)), t && this.write(t), this[Qe]())), this;
  }
};
var mt = (s3) => {
  let t = s3.length - 1, e = -1;
  for (; t > -1 && s3.charAt(t) === "/"; ) e = t, t--;
  return e === -1 ? s3 : s3.slice(0, e);
};
var vn = (s3) => {
  let t = s3.onReadEntry;
  s3.onReadEntry = t ? (e) => {
    t(e), e.resume();
  } : (e) => e.resume();
};
var Qi = (s3, t) => {
  let e = new Map(t.map((o) => [mt(o), true])), i = s3.filter, r = 100, n = (o, h = "", a = 0) => {
    if (a >= r) return e.set(o, false), false;
    let l = h || (0, import_path.parse)(o).root || ".", c;
    if (o === l) c = false;
    else {
      let d = e.get(o);
      c = d !== void 0 ? d : n((0, import_path.dirname)(o), l, a + 1);
    }
    return e.set(o, c), c;
  };
  s3.filter = i ? (o, h) => i(o, h) && n(mt(o)) : (o) => n(mt(o));
};
var Mn = (s3) => {
  let t = new rt(s3), e = s3.file, i;
  try {
    i = import_node_fs7.default.openSync(e, "r");
    let r = import_node_fs7.default.fstatSync(i), n = s3.maxReadSize || 16 * 1024 * 1024;
    if (r.size < n) {
      let o = Buffer.allocUnsafe(r.size), h = import_node_fs7.default.readSync(i, o, 0, r.size, 0);
      t.end(h === o.byteLength ? o : o.subarray(0, h));
    } else {
      let o = 0, h = Buffer.allocUnsafe(n);
      for (; o < r.size; ) {
        let a = import_node_fs7.default.readSync(i, h, 0, n, o);
        if (a === 0) break;
        o += a, t.write(h.subarray(0, a));
      }
      t.end();
    }
  } finally {
    if (typeof i == "number") try {
      import_node_fs7.default.closeSync(i);
    } catch {
    }
  }
};
var Bn = (s3, t) => {
  let e = new rt(s3), i = s3.maxReadSize || 16 * 1024 * 1024, r = s3.file;
  return new Promise((o, h) => {
    e.on("error", h), e.on("end", o), import_node_fs7.default.stat(r, (a, l) => {
      if (a) h(a);
      else {
        let c = new _t(r, { readSize: i, size: l.size });
        c.on("error", h), c.pipe(e);
      }
    });
  });
};
var Ct = K(Mn, Bn, (s3) => new rt(s3), (s3) => new rt(s3), (s3, t) => {
  t?.length && Qi(s3, t), s3.noResume || vn(s3);
});
var Ji = (s3, t, e) => (s3 &= 4095, e && (s3 = (s3 | 384) & -19), t && (s3 & 256 && (s3 |= 64), s3 & 32 && (s3 |= 8), s3 & 4 && (s3 |= 1)), s3);
var { isAbsolute: zn, parse: qs } = import_node_path19.win32;
var ce = (s3) => {
  let t = "", e = qs(s3);
  for (; zn(s3) || e.root; ) {
    let i = s3.charAt(0) === "/" && s3.slice(0, 4) !== "//?/" ? "/" : e.root;
    s3 = s3.slice(i.length), t += i, e = qs(s3);
  }
  return [t, s3];
};
var ei = ["|", "<", ">", "?", ":"];
var ji = ei.map((s3) => String.fromCodePoint(61440 + Number(s3.codePointAt(0))));
var Un = new Map(ei.map((s3, t) => [s3, ji[t]]));
var Hn = new Map(ji.map((s3, t) => [s3, ei[t]]));
var ts = (s3) => ei.reduce((t, e) => t.split(e).join(Un.get(e)), s3);
var Qs = (s3) => ji.reduce((t, e) => t.split(e).join(Hn.get(e)), s3);
var rr = (s3, t) => t ? (s3 = f(s3).replace(/^\.(\/|$)/, ""), mt(t) + "/" + s3) : f(s3);
var Wn = 16 * 1024 * 1024;
var tr = /* @__PURE__ */ Symbol("process");
var er = /* @__PURE__ */ Symbol("file");
var ir = /* @__PURE__ */ Symbol("directory");
var is = /* @__PURE__ */ Symbol("symlink");
var sr = /* @__PURE__ */ Symbol("hardlink");
var fe = /* @__PURE__ */ Symbol("header");
var ii = /* @__PURE__ */ Symbol("read");
var ss = /* @__PURE__ */ Symbol("lstat");
var si = /* @__PURE__ */ Symbol("onlstat");
var rs = /* @__PURE__ */ Symbol("onread");
var ns = /* @__PURE__ */ Symbol("onreadlink");
var os = /* @__PURE__ */ Symbol("openfile");
var hs = /* @__PURE__ */ Symbol("onopenfile");
var pt = /* @__PURE__ */ Symbol("close");
var ri = /* @__PURE__ */ Symbol("mode");
var as = /* @__PURE__ */ Symbol("awaitDrain");
var es = /* @__PURE__ */ Symbol("ondrain");
var q = /* @__PURE__ */ Symbol("prefix");
var de = class extends A {
  path;
  portable;
  myuid = process.getuid && process.getuid() || 0;
  myuser = process.env.USER || "";
  maxReadSize;
  linkCache;
  statCache;
  preservePaths;
  cwd;
  strict;
  mtime;
  noPax;
  noMtime;
  prefix;
  fd;
  blockLen = 0;
  blockRemain = 0;
  buf;
  pos = 0;
  remain = 0;
  length = 0;
  offset = 0;
  win32;
  absolute;
  header;
  type;
  linkpath;
  stat;
  onWriteEntry;
  #t = false;
  constructor(t, e = {}) {
    let i = se(e);
    super(), this.path = f(t), this.portable = !!i.portable, this.maxReadSize = i.maxReadSize || Wn, this.linkCache = i.linkCache || /* @__PURE__ */ new Map(), this.statCache = i.statCache || /* @__PURE__ */ new Map(), this.preservePaths = !!i.preservePaths, this.cwd = f(i.cwd || process.cwd()), this.strict = !!i.strict, this.noPax = !!i.noPax, this.noMtime = !!i.noMtime, this.mtime = i.mtime, this.prefix = i.prefix ? f(i.prefix) : void 0, this.onWriteEntry = i.onWriteEntry, typeof i.onwarn == "function" && this.on("warn", i.onwarn);
    let r = false;
    if (!this.preservePaths) {
      let [o, h] = ce(this.path);
      o && typeof h == "string" && (this.path = h, r = o);
    }
    this.win32 = !!i.win32 || process.platform === "win32", this.win32 && (this.path = Qs(this.path.replaceAll(/\\/g, "/")), t = t.replaceAll(/\\/g, "/")), this.absolute = f(i.absolute || import_path2.default.resolve(this.cwd, t)), this.path === "" && (this.path = "./"), r && this.warn("TAR_ENTRY_INFO", `stripping ${r} from absolute path`, { entry: this, path: r + this.path });
    let n = this.statCache.get(this.absolute);
    n ? this[si](n) : this[ss]();
  }
  warn(t, e, i = {}) {
    return Dt(this, t, e, i);
  }
  emit(t, ...e) {
    return t === "error" && (this.#t = true), super.emit(t, ...e);
  }
  [ss]() {
    import_fs3.default.lstat(this.absolute, (t, e) => {
      if (t) return this.emit("error", t);
      this[si](e);
    });
  }
  [si](t) {
    this.statCache.set(this.absolute, t), this.stat = t, t.isFile() || (t.size = 0), this.type = Gn(t), this.emit("stat", t), this[tr]();
  }
  [tr]() {
    switch (this.type) {
      case "File":
        return this[er]();
      case "Directory":
        return this[ir]();
      case "SymbolicLink":
        return this[is]();
      default:
        return this.end();
    }
  }
  [ri](t) {
    return Ji(t, this.type === "Directory", this.portable);
  }
  [q](t) {
    return rr(t, this.prefix);
  }
  [fe]() {
    if (!this.stat) throw new Error("cannot write header before stat");
    this.type === "Directory" && this.portable && (this.noMtime = true), this.onWriteEntry?.(this), this.header = new F({ path: this[q](this.path), linkpath: this.type === "Link" && this.linkpath !== void 0 ? this[q](this.linkpath) : this.linkpath, mode: this[ri](this.stat.mode), uid: this.portable ? void 0 : this.stat.uid, gid: this.portable ? void 0 : this.stat.gid, size: this.stat.size, mtime: this.noMtime ? void 0 : this.mtime || this.stat.mtime, type: this.type === "Unsupported" ? void 0 : this.type, uname: this.portable ? void 0 : this.stat.uid === this.myuid ? this.myuser : "", atime: this.portable ? void 0 : this.stat.atime, ctime: this.portable ? void 0 : this.stat.ctime }), this.header.encode() && !this.noPax && super.write(new ft({ atime: this.portable ? void 0 : this.header.atime, ctime: this.portable ? void 0 : this.header.ctime, gid: this.portable ? void 0 : this.header.gid, mtime: this.noMtime ? void 0 : this.mtime || this.header.mtime, path: this[q](this.path), linkpath: this.type === "Link" && this.linkpath !== void 0 ? this[q](this.linkpath) : this.linkpath, size: this.header.size, uid: this.portable ? void 0 : this.header.uid, uname: this.portable ? void 0 : this.header.uname, dev: this.portable ? void 0 : this.stat.dev, ino: this.portable ? void 0 : this.stat.ino, nlink: this.portable ? void 0 : this.stat.nlink }).encode());
    let t = this.header?.block;
    if (!t) throw new Error("failed to encode header");
    super.write(t);
  }
  [ir]() {
    if (!this.stat) throw new Error("cannot create directory entry without stat");
    this.path.slice(-1) !== "/" && (this.path += "/"), this.stat.size = 0, this[fe](), this.end();
  }
  [is]() {
    import_fs3.default.readlink(this.absolute, (t, e) => {
      if (t) return this.emit("error", t);
      this[ns](e);
    });
  }
  [ns](t) {
    this.linkpath = f(t), this[fe](), this.end();
  }
  [sr](t) {
    if (!this.stat) throw new Error("cannot create link entry without stat");
    this.type = "Link", this.linkpath = f(import_path2.default.relative(this.cwd, t)), this.stat.size = 0, this[fe](), this.end();
  }
  [er]() {
    if (!this.stat) throw new Error("cannot create file entry without stat");
    if (this.stat.nlink > 1) {
      let t = `${this.stat.dev}:${this.stat.ino}`, e = this.linkCache.get(t);
      if (e?.indexOf(this.cwd) === 0) return this[sr](e);
      this.linkCache.set(t, this.absolute);
    }
    if (this[fe](), this.stat.size === 0) return this.end();
    this[os]();
  }
  [os]() {
    import_fs3.default.open(this.absolute, "r", (t, e) => {
      if (t) return this.emit("error", t);
      this[hs](e);
    });
  }
  [hs](t) {
    if (this.fd = t, this.#t) return this[pt]();
    if (!this.stat) throw new Error("should stat before calling onopenfile");
    this.blockLen = 512 * Math.ceil(this.stat.size / 512), this.blockRemain = this.blockLen;
    let e = Math.min(this.blockLen, this.maxReadSize);
    this.buf = Buffer.allocUnsafe(e), this.offset = 0, this.pos = 0, this.remain = this.stat.size, this.length = this.buf.length, this[ii]();
  }
  [ii]() {
    let { fd: t, buf: e, offset: i, length: r, pos: n } = this;
    if (t === void 0 || e === void 0) throw new Error("cannot read file without first opening");
    import_fs3.default.read(t, e, i, r, n, (o, h) => {
      if (o) return this[pt](() => this.emit("error", o));
      this[rs](h);
    });
  }
  [pt](t = () => {
  }) {
    this.fd !== void 0 && import_fs3.default.close(this.fd, t);
  }
  [rs](t) {
    if (t <= 0 && this.remain > 0) {
      let r = Object.assign(new Error("encountered unexpected EOF"), { path: this.absolute, syscall: "read", code: "EOF" });
      return this[pt](() => this.emit("error", r));
    }
    if (t > this.remain) {
      let r = Object.assign(new Error("did not encounter expected EOF"), { path: this.absolute, syscall: "read", code: "EOF" });
      return this[pt](() => this.emit("error", r));
    }
    if (!this.buf) throw new Error("should have created buffer prior to reading");
    if (t === this.remain) for (let r = t; r < this.length && t < this.blockRemain; r++) this.buf[r + this.offset] = 0, t++, this.remain++;
    let e = this.offset === 0 && t === this.buf.length ? this.buf : this.buf.subarray(this.offset, this.offset + t);
    this.write(e) ? this[es]() : this[as](() => this[es]());
  }
  [as](t) {
    this.once("drain", t);
  }
  write(t, e, i) {
    if (typeof e == "function" && (i = e, e = void 0), typeof t == "string" && (t = Buffer.from(t, typeof e == "string" ? e : "utf8")), this.blockRemain < t.length) {
      let r = Object.assign(new Error("writing more data than expected"), { path: this.absolute });
      return this.emit("error", r);
    }
    return this.remain -= t.length, this.blockRemain -= t.length, this.pos += t.length, this.offset += t.length, super.write(t, null, i);
  }
  [es]() {
    if (!this.remain) return this.blockRemain && super.write(Buffer.alloc(this.blockRemain)), this[pt]((t) => t ? this.emit("error", t) : this.end());
    if (!this.buf) throw new Error("buffer lost somehow in ONDRAIN");
    this.offset >= this.length && (this.buf = Buffer.allocUnsafe(Math.min(this.blockRemain, this.buf.length)), this.offset = 0), this.length = this.buf.length - this.offset, this[ii]();
  }
};
var ni = class extends de {
  sync = true;
  [ss]() {
    this[si](import_fs3.default.lstatSync(this.absolute));
  }
  [is]() {
    this[ns](import_fs3.default.readlinkSync(this.absolute));
  }
  [os]() {
    this[hs](import_fs3.default.openSync(this.absolute, "r"));
  }
  [ii]() {
    let t = true;
    try {
      let { fd: e, buf: i, offset: r, length: n, pos: o } = this;
      if (e === void 0 || i === void 0) throw new Error("fd and buf must be set in READ method");
      let h = import_fs3.default.readSync(e, i, r, n, o);
      this[rs](h), t = false;
    } finally {
      if (t) try {
        this[pt](() => {
        });
      } catch {
      }
    }
  }
  [as](t) {
    t();
  }
  [pt](t = () => {
  }) {
    this.fd !== void 0 && import_fs3.default.closeSync(this.fd), t();
  }
};
var oi = class extends A {
  blockLen = 0;
  blockRemain = 0;
  buf = 0;
  pos = 0;
  remain = 0;
  length = 0;
  preservePaths;
  portable;
  strict;
  noPax;
  noMtime;
  readEntry;
  type;
  prefix;
  path;
  mode;
  uid;
  gid;
  uname;
  gname;
  header;
  mtime;
  atime;
  ctime;
  linkpath;
  size;
  onWriteEntry;
  warn(t, e, i = {}) {
    return Dt(this, t, e, i);
  }
  constructor(t, e = {}) {
    let i = se(e);
    super(), this.preservePaths = !!i.preservePaths, this.portable = !!i.portable, this.strict = !!i.strict, this.noPax = !!i.noPax, this.noMtime = !!i.noMtime, this.onWriteEntry = i.onWriteEntry, this.readEntry = t;
    let { type: r } = t;
    if (r === "Unsupported") throw new Error("writing entry that should be ignored");
    this.type = r, this.type === "Directory" && this.portable && (this.noMtime = true), this.prefix = i.prefix, this.path = f(t.path), this.mode = t.mode !== void 0 ? this[ri](t.mode) : void 0, this.uid = this.portable ? void 0 : t.uid, this.gid = this.portable ? void 0 : t.gid, this.uname = this.portable ? void 0 : t.uname, this.gname = this.portable ? void 0 : t.gname, this.size = t.size, this.mtime = this.noMtime ? void 0 : i.mtime || t.mtime, this.atime = this.portable ? void 0 : t.atime, this.ctime = this.portable ? void 0 : t.ctime, this.linkpath = t.linkpath !== void 0 ? f(t.linkpath) : void 0, typeof i.onwarn == "function" && this.on("warn", i.onwarn);
    let n = false;
    if (!this.preservePaths) {
      let [h, a] = ce(this.path);
      h && typeof a == "string" && (this.path = a, n = h);
    }
    this.remain = t.size, this.blockRemain = t.startBlockSize, this.onWriteEntry?.(this), this.header = new F({ path: this[q](this.path), linkpath: this.type === "Link" && this.linkpath !== void 0 ? this[q](this.linkpath) : this.linkpath, mode: this.mode, uid: this.portable ? void 0 : this.uid, gid: this.portable ? void 0 : this.gid, size: this.size, mtime: this.noMtime ? void 0 : this.mtime, type: this.type, uname: this.portable ? void 0 : this.uname, atime: this.portable ? void 0 : this.atime, ctime: this.portable ? void 0 : this.ctime }), n && this.warn("TAR_ENTRY_INFO", `stripping ${n} from absolute path`, { entry: this, path: n + this.path }), this.header.encode() && !this.noPax && super.write(new ft({ atime: this.portable ? void 0 : this.atime, ctime: this.portable ? void 0 : this.ctime, gid: this.portable ? void 0 : this.gid, mtime: this.noMtime ? void 0 : this.mtime, path: this[q](this.path), linkpath: this.type === "Link" && this.linkpath !== void 0 ? this[q](this.linkpath) : this.linkpath, size: this.size, uid: this.portable ? void 0 : this.uid, uname: this.portable ? void 0 : this.uname, dev: this.portable ? void 0 : this.readEntry.dev, ino: this.portable ? void 0 : this.readEntry.ino, nlink: this.portable ? void 0 : this.readEntry.nlink }).encode());
    let o = this.header?.block;
    if (!o) throw new Error("failed to encode header");
    super.write(o), t.pipe(this);
  }
  [q](t) {
    return rr(t, this.prefix);
  }
  [ri](t) {
    return Ji(t, this.type === "Directory", this.portable);
  }
  write(t, e, i) {
    typeof e == "function" && (i = e, e = void 0), typeof t == "string" && (t = Buffer.from(t, typeof e == "string" ? e : "utf8"));
    let r = t.length;
    if (r > this.blockRemain) throw new Error("writing more to entry than is appropriate");
    return this.blockRemain -= r, super.write(t, i);
  }
  end(t, e, i) {
    return this.blockRemain && super.write(Buffer.alloc(this.blockRemain)), typeof t == "function" && (i = t, e = void 0, t = void 0), typeof e == "function" && (i = e, e = void 0), typeof t == "string" && (t = Buffer.from(t, e ?? "utf8")), i && this.once("finish", i), t ? super.end(t, i) : super.end(i), this;
  }
};
var Gn = (s3) => s3.isFile() ? "File" : s3.isDirectory() ? "Directory" : s3.isSymbolicLink() ? "SymbolicLink" : "Unsupported";
var hi = class s2 {
  tail;
  head;
  length = 0;
  static create(t = []) {
    return new s2(t);
  }
  constructor(t = []) {
    for (let e of t) this.push(e);
  }
  *[Symbol.iterator]() {
    for (let t = this.head; t; t = t.next) yield t.value;
  }
  removeNode(t) {
    if (t.list !== this) throw new Error("removing node which does not belong to this list");
    let e = t.next, i = t.prev;
    return e && (e.prev = i), i && (i.next = e), t === this.head && (this.head = e), t === this.tail && (this.tail = i), this.length--, t.next = void 0, t.prev = void 0, t.list = void 0, e;
  }
  unshiftNode(t) {
    if (t === this.head) return;
    t.list && t.list.removeNode(t);
    let e = this.head;
    t.list = this, t.next = e, e && (e.prev = t), this.head = t, this.tail || (this.tail = t), this.length++;
  }
  pushNode(t) {
    if (t === this.tail) return;
    t.list && t.list.removeNode(t);
    let e = this.tail;
    t.list = this, t.prev = e, e && (e.next = t), this.tail = t, this.head || (this.head = t), this.length++;
  }
  push(...t) {
    for (let e = 0, i = t.length; e < i; e++) Yn(this, t[e]);
    return this.length;
  }
  unshift(...t) {
    for (var e = 0, i = t.length; e < i; e++) Kn(this, t[e]);
    return this.length;
  }
  pop() {
    if (!this.tail) return;
    let t = this.tail.value, e = this.tail;
    return this.tail = this.tail.prev, this.tail ? this.tail.next = void 0 : this.head = void 0, e.list = void 0, this.length--, t;
  }
  shift() {
    if (!this.head) return;
    let t = this.head.value, e = this.head;
    return this.head = this.head.next, this.head ? this.head.prev = void 0 : this.tail = void 0, e.list = void 0, this.length--, t;
  }
  forEach(t, e) {
    e = e || this;
    for (let i = this.head, r = 0; i; r++) t.call(e, i.value, r, this), i = i.next;
  }
  forEachReverse(t, e) {
    e = e || this;
    for (let i = this.tail, r = this.length - 1; i; r--) t.call(e, i.value, r, this), i = i.prev;
  }
  get(t) {
    let e = 0, i = this.head;
    for (; i && e < t; e++) i = i.next;
    if (e === t && i) return i.value;
  }
  getReverse(t) {
    let e = 0, i = this.tail;
    for (; i && e < t; e++) i = i.prev;
    if (e === t && i) return i.value;
  }
  map(t, e) {
    e = e || this;
    let i = new s2();
    for (let r = this.head; r; ) i.push(t.call(e, r.value, this)), r = r.next;
    return i;
  }
  mapReverse(t, e) {
    e = e || this;
    var i = new s2();
    for (let r = this.tail; r; ) i.push(t.call(e, r.value, this)), r = r.prev;
    return i;
  }
  reduce(t, e) {
    let i, r = this.head;
    if (arguments.length > 1) i = e;
    else if (this.head) r = this.head.next, i = this.head.value;
    else throw new TypeError("Reduce of empty list with no initial value");
    for (var n = 0; r; n++) i = t(i, r.value, n), r = r.next;
    return i;
  }
  reduceReverse(t, e) {
    let i, r = this.tail;
    if (arguments.length > 1) i = e;
    else if (this.tail) r = this.tail.prev, i = this.tail.value;
    else throw new TypeError("Reduce of empty list with no initial value");
    for (let n = this.length - 1; r; n--) i = t(i, r.value, n), r = r.prev;
    return i;
  }
  toArray() {
    let t = new Array(this.length);
    for (let e = 0, i = this.head; i; e++) t[e] = i.value, i = i.next;
    return t;
  }
  toArrayReverse() {
    let t = new Array(this.length);
    for (let e = 0, i = this.tail; i; e++) t[e] = i.value, i = i.prev;
    return t;
  }
  slice(t = 0, e = this.length) {
    e < 0 && (e += this.length), t < 0 && (t += this.length);
    let i = new s2();
    if (e < t || e < 0) return i;
    t < 0 && (t = 0), e > this.length && (e = this.length);
    let r = this.head, n = 0;
    for (n = 0; r && n < t; n++) r = r.next;
    for (; r && n < e; n++, r = r.next) i.push(r.value);
    return i;
  }
  sliceReverse(t = 0, e = this.length) {
    e < 0 && (e += this.length), t < 0 && (t += this.length);
    let i = new s2();
    if (e < t || e < 0) return i;
    t < 0 && (t = 0), e > this.length && (e = this.length);
    let r = this.length, n = this.tail;
    for (; n && r > e; r--) n = n.prev;
    for (; n && r > t; r--, n = n.prev) i.push(n.value);
    return i;
  }
  splice(t, e = 0, ...i) {
    t > this.length && (t = this.length - 1), t < 0 && (t = this.length + t);
    let r = this.head;
    for (let o = 0; r && o < t; o++) r = r.next;
    let n = [];
    for (let o = 0; r && o < e; o++) n.push(r.value), r = this.removeNode(r);
    r ? r !== this.tail && (r = r.prev) : r = this.tail;
    for (let o of i) r = Zn(this, r, o);
    return n;
  }
  reverse() {
    let t = this.head, e = this.tail;
    for (let i = t; i; i = i.prev) {
      let r = i.prev;
      i.prev = i.next, i.next = r;
    }
    return this.head = e, this.tail = t, this;
  }
};
function Zn(s3, t, e) {
  let i = t, r = t ? t.next : s3.head, n = new ue(e, i, r, s3);
  return n.next === void 0 && (s3.tail = n), n.prev === void 0 && (s3.head = n), s3.length++, n;
}
function Yn(s3, t) {
  s3.tail = new ue(t, s3.tail, void 0, s3), s3.head || (s3.head = s3.tail), s3.length++;
}
function Kn(s3, t) {
  s3.head = new ue(t, void 0, s3.head, s3), s3.tail || (s3.tail = s3.head), s3.length++;
}
var ue = class {
  list;
  next;
  prev;
  value;
  constructor(t, e, i, r) {
    this.list = r, this.value = t, e ? (e.next = this, this.prev = e) : this.prev = void 0, i ? (i.prev = this, this.next = i) : this.next = void 0;
  }
};
var pi = class {
  path;
  absolute;
  entry;
  stat;
  readdir;
  pending = false;
  pendingLink = false;
  ignore = false;
  piped = false;
  constructor(t, e) {
    this.path = t || "./", this.absolute = e;
  }
};
var nr = Buffer.alloc(1024);
var li = /* @__PURE__ */ Symbol("onStat");
var me = /* @__PURE__ */ Symbol("ended");
var W = /* @__PURE__ */ Symbol("queue");
var pe = /* @__PURE__ */ Symbol("pendingLinks");
var Et = /* @__PURE__ */ Symbol("current");
var Ft = /* @__PURE__ */ Symbol("process");
var Ee = /* @__PURE__ */ Symbol("processing");
var ai = /* @__PURE__ */ Symbol("processJob");
var G = /* @__PURE__ */ Symbol("jobs");
var ls = /* @__PURE__ */ Symbol("jobDone");
var ci = /* @__PURE__ */ Symbol("addFSEntry");
var or = /* @__PURE__ */ Symbol("addTarEntry");
var ds = /* @__PURE__ */ Symbol("stat");
var us = /* @__PURE__ */ Symbol("readdir");
var fi = /* @__PURE__ */ Symbol("onreaddir");
var di = /* @__PURE__ */ Symbol("pipe");
var hr = /* @__PURE__ */ Symbol("entry");
var cs = /* @__PURE__ */ Symbol("entryOpt");
var ui = /* @__PURE__ */ Symbol("writeEntryClass");
var lr = /* @__PURE__ */ Symbol("write");
var fs = /* @__PURE__ */ Symbol("ondrain");
var wt = class extends A {
  sync = false;
  opt;
  cwd;
  maxReadSize;
  preservePaths;
  strict;
  noPax;
  prefix;
  linkCache;
  statCache;
  file;
  portable;
  zip;
  readdirCache;
  noDirRecurse;
  follow;
  noMtime;
  mtime;
  filter;
  jobs;
  [ui];
  onWriteEntry;
  [W];
  [pe] = /* @__PURE__ */ new Map();
  [G] = 0;
  [Ee] = false;
  [me] = false;
  constructor(t = {}) {
    if (super(), this.opt = t, this.file = t.file || "", this.cwd = t.cwd || process.cwd(), this.maxReadSize = t.maxReadSize, this.preservePaths = !!t.preservePaths, this.strict = !!t.strict, this.noPax = !!t.noPax, this.prefix = f(t.prefix || ""), this.linkCache = t.linkCache || /* @__PURE__ */ new Map(), this.statCache = t.statCache || /* @__PURE__ */ new Map(), this.readdirCache = t.readdirCache || /* @__PURE__ */ new Map(), this.onWriteEntry = t.onWriteEntry, this[ui] = de, typeof t.onwarn == "function" && this.on("warn", t.onwarn), this.portable = !!t.portable, t.gzip || t.brotli || t.zstd) {
      if ((t.gzip ? 1 : 0) + (t.brotli ? 1 : 0) + (t.zstd ? 1 : 0) > 1) throw new TypeError("gzip, brotli, zstd are mutually exclusive");
      if (t.gzip && (typeof t.gzip != "object" && (t.gzip = {}), this.portable && (t.gzip.portable = true), this.zip = new ze(t.gzip)), t.brotli && (typeof t.brotli != "object" && (t.brotli = {}), this.zip = new We(t.brotli)), t.zstd && (typeof t.zstd != "object" && (t.zstd = {}), this.zip = new Ye(t.zstd)), !this.zip) throw new Error("impossible");
      let e = this.zip;
      e.on("data", (i) => super.write(i)), e.on("end", () => super.end()), e.on("drain", () => this[fs]()), this.on("resume", () => e.resume());
    } else this.on("drain", this[fs]);
    this.noDirRecurse = !!t.noDirRecurse, this.follow = !!t.follow, this.noMtime = !!t.noMtime, t.mtime && (this.mtime = t.mtime), this.filter = typeof t.filter == "function" ? t.filter : () => true, this[W] = new hi(), this[G] = 0, this.jobs = Number(t.jobs) || 4, this[Ee] = false, this[me] = false;
  }
  [lr](t) {
    return super.write(t);
  }
  add(t) {
    return this.write(t), this;
  }
  end(t, e, i) {
    return typeof t == "function" && (i = t, t = void 0), typeof e == "function" && (i = e, e = void 0), t && this.add(t), this[me] = true, this[Ft](), i && i(), this;
  }
  write(t) {
    if (this[me]) throw new Error("write after end");
    return typeof t == "string" ? this[ci](t) : this[or](t), this.flowing;
  }
  [or](t) {
    let e = f(import_path3.default.resolve(this.cwd, t.path));
    if (!this.filter(t.path, t)) t.resume();
    else {
      let i = new pi(t.path, e);
      i.entry = new oi(t, this[cs](i)), i.entry.on("end", () => this[ls](i)), this[G] += 1, this[W].push(i);
    }
    this[Ft]();
  }
  [ci](t) {
    let e = f(import_path3.default.resolve(this.cwd, t));
    this[W].push(new pi(t, e)), this[Ft]();
  }
  [ds](t) {
    t.pending = true, this[G] += 1;
    let e = this.follow ? "stat" : "lstat";
    import_fs2.default[e](t.absolute, (i, r) => {
      t.pending = false, this[G] -= 1, i ? this.emit("error", i) : this[li](t, r);
    });
  }
  [li](t, e) {
    if (this.statCache.set(t.absolute, e), t.stat = e, !this.filter(t.path, e)) t.ignore = true;
    else if (e.isFile() && e.nlink > 1 && !this.linkCache.get(`${e.dev}:${e.ino}`) && !this.sync) if (t === this[Et]) this[ai](t);
    else {
      let i = `${e.dev}:${e.ino}`, r = this[pe].get(i);
      r ? r.push(t) : this[pe].set(i, [t]), t.pendingLink = true, t.pending = true;
    }
    this[Ft]();
  }
  [us](t) {
    t.pending = true, this[G] += 1, import_fs2.default.readdir(t.absolute, (e, i) => {
      if (t.pending = false, this[G] -= 1, e) return this.emit("error", e);
      this[fi](t, i);
    });
  }
  [fi](t, e) {
    this.readdirCache.set(t.absolute, e), t.readdir = e, this[Ft]();
  }
  [Ft]() {
    if (!this[Ee]) {
      this[Ee] = true;
      for (let t = this[W].head; t && this[G] < this.jobs; t = t.next) if (this[ai](t.value), t.value.ignore) {
        let e = t.next;
        this[W].removeNode(t), t.next = e;
      }
      this[Ee] = false, this[me] && this[W].length === 0 && this[G] === 0 && (this.zip ? this.zip.end(nr) : (super.write(nr), super.end()));
    }
  }
  get [Et]() {
    return this[W] && this[W].head && this[W].head.value;
  }
  [ls](t) {
    this[W].shift(), this[G] -= 1;
    let { stat: e } = t;
    if (e && e.isFile() && e.nlink > 1) {
      let i = `${e.dev}:${e.ino}`, r = this[pe].get(i);
      if (r) {
        this[pe].delete(i);
        for (let n of r) n.pending = false, this[ai](n);
      }
    }
    this[Ft]();
  }
  [ai](t) {
    if (t.pending && t.pendingLink && t === this[Et] && (t.pending = false, t.pendingLink = false), !t.pending) {
      if (t.entry) {
        t === this[Et] && !t.piped && this[di](t);
        return;
      }
      if (!t.stat) {
        let e = this.statCache.get(t.absolute);
        e ? this[li](t, e) : this[ds](t);
      }
      if (t.stat && !t.ignore) {
        if (!this.noDirRecurse && t.stat.isDirectory() && !t.readdir) {
          let e = this.readdirCache.get(t.absolute);
          if (e ? this[fi](t, e) : this[us](t), !t.readdir) return;
        }
        if (t.entry = this[hr](t), !t.entry) {
          t.ignore = true;
          return;
        }
        t === this[Et] && !t.piped && this[di](t);
      }
    }
  }
  [cs](t) {
    return { onwarn: (e, i, r) => this.warn(e, i, r), noPax: this.noPax, cwd: this.cwd, absolute: t.absolute, preservePaths: this.preservePaths, maxReadSize: this.maxReadSize, strict: this.strict, portable: this.portable, linkCache: this.linkCache, statCache: this.statCache, noMtime: this.noMtime, mtime: this.mtime, prefix: this.prefix, onWriteEntry: this.onWriteEntry };
  }
  [hr](t) {
    this[G] += 1;
    try {
      return new this[ui](t.path, this[cs](t)).on("end", () => this[ls](t)).on("error", (i) => this.emit("error", i));
    } catch (e) {
      this.emit("error", e);
    }
  }
  [fs]() {
    this[Et] && this[Et].entry && this[Et].entry.resume();
  }
  [di](t) {
    t.piped = true, t.readdir && t.readdir.forEach((r) => {
      let n = t.path, o = n === "./" ? "" : n.replace(/\/*$/, "/");
      this[ci](o + r);
    });
    let e = t.entry, i = this.zip;
    if (!e) throw new Error("cannot pipe without source");
    i ? e.on("data", (r) => {
      i.write(r) || e.pause();
    }) : e.on("data", (r) => {
      super.write(r) || e.pause();
    });
  }
  pause() {
    return this.zip && this.zip.pause(), super.pause();
  }
  warn(t, e, i = {}) {
    Dt(this, t, e, i);
  }
};
var kt = class extends wt {
  sync = true;
  constructor(t) {
    super(t), this[ui] = ni;
  }
  pause() {
  }
  resume() {
  }
  [ds](t) {
    let e = this.follow ? "statSync" : "lstatSync";
    this[li](t, import_fs2.default[e](t.absolute));
  }
  [us](t) {
    this[fi](t, import_fs2.default.readdirSync(t.absolute));
  }
  [di](t) {
    let e = t.entry, i = this.zip;
    if (t.readdir && t.readdir.forEach((r) => {
      let n = t.path, o = n === "./" ? "" : n.replace(/\/*$/, "/");
      this[ci](o + r);
    }), !e) throw new Error("Cannot pipe without source");
    i ? e.on("data", (r) => {
      i.write(r);
    }) : e.on("data", (r) => {
      super[lr](r);
    });
  }
};
var Vn = (s3, t) => {
  let e = new kt(s3), i = new Wt(s3.file, { mode: s3.mode || 438 });
  e.pipe(i), fr(e, t);
};
var $n = (s3, t) => {
  let e = new wt(s3), i = new et(s3.file, { mode: s3.mode || 438 });
  e.pipe(i);
  let r = new Promise((n, o) => {
    i.on("error", o), i.on("close", n), e.on("error", o);
  });
  return dr(e, t).catch((n) => e.emit("error", n)), r;
};
var fr = (s3, t) => {
  t.forEach((e) => {
    e.charAt(0) === "@" ? Ct({ file: import_node_path16.default.resolve(s3.cwd, e.slice(1)), sync: true, noResume: true, onReadEntry: (i) => s3.add(i) }) : s3.add(e);
  }), s3.end();
};
var dr = async (s3, t) => {
  for (let e of t) e.charAt(0) === "@" ? await Ct({ file: import_node_path16.default.resolve(String(s3.cwd), e.slice(1)), noResume: true, onReadEntry: (i) => {
    s3.add(i);
  } }) : s3.add(e);
  s3.end();
};
var Xn = (s3, t) => {
  let e = new kt(s3);
  return fr(e, t), e;
};
var qn = (s3, t) => {
  let e = new wt(s3);
  return dr(e, t).catch((i) => e.emit("error", i)), e;
};
var Qn = K(Vn, $n, Xn, qn, (s3, t) => {
  if (!t?.length) throw new TypeError("no paths specified to add to archive");
});
var Jn = process.env.__FAKE_PLATFORM__ || process.platform;
var Er = Jn === "win32";
var { O_CREAT: wr, O_NOFOLLOW: ur, O_TRUNC: Sr, O_WRONLY: yr } = import_fs4.default.constants;
var Rr = Number(process.env.__FAKE_FS_O_FILENAME__) || import_fs4.default.constants.UV_FS_O_FILEMAP || 0;
var jn = Er && !!Rr;
var to = 512 * 1024;
var eo = Rr | Sr | wr | yr;
var mr = !Er && typeof ur == "number" ? ur | Sr | wr | yr : null;
var ms = mr !== null ? () => mr : jn ? (s3) => s3 < to ? eo : "w" : () => "w";
var ps = (s3, t, e) => {
  try {
    return import_node_fs10.default.lchownSync(s3, t, e);
  } catch (i) {
    if (i?.code !== "ENOENT") throw i;
  }
};
var Ei = (s3, t, e, i) => {
  import_node_fs10.default.lchown(s3, t, e, (r) => {
    i(r && r?.code !== "ENOENT" ? r : null);
  });
};
var io = (s3, t, e, i, r) => {
  if (t.isDirectory()) Es(import_node_path21.default.resolve(s3, t.name), e, i, (n) => {
    if (n) return r(n);
    let o = import_node_path21.default.resolve(s3, t.name);
    Ei(o, e, i, r);
  });
  else {
    let n = import_node_path21.default.resolve(s3, t.name);
    Ei(n, e, i, r);
  }
};
var Es = (s3, t, e, i) => {
  import_node_fs10.default.readdir(s3, { withFileTypes: true }, (r, n) => {
    if (r) {
      if (r.code === "ENOENT") return i();
      if (r.code !== "ENOTDIR" && r.code !== "ENOTSUP") return i(r);
    }
    if (r || !n.length) return Ei(s3, t, e, i);
    let o = n.length, h = null, a = (l) => {
      if (!h) {
        if (l) return i(h = l);
        if (--o === 0) return Ei(s3, t, e, i);
      }
    };
    for (let l of n) io(s3, l, t, e, a);
  });
};
var so = (s3, t, e, i) => {
  t.isDirectory() && ws(import_node_path21.default.resolve(s3, t.name), e, i), ps(import_node_path21.default.resolve(s3, t.name), e, i);
};
var ws = (s3, t, e) => {
  let i;
  try {
    i = import_node_fs10.default.readdirSync(s3, { withFileTypes: true });
  } catch (r) {
    let n = r;
    if (n?.code === "ENOENT") return;
    if (n?.code === "ENOTDIR" || n?.code === "ENOTSUP") return ps(s3, t, e);
    throw n;
  }
  for (let r of i) so(s3, r, t, e);
  return ps(s3, t, e);
};
var Se = class extends Error {
  path;
  code;
  syscall = "chdir";
  constructor(t, e) {
    super(`${e}: Cannot cd into '${t}'`), this.path = t, this.code = e;
  }
  get name() {
    return "CwdError";
  }
};
var St = class extends Error {
  path;
  symlink;
  syscall = "symlink";
  code = "TAR_SYMLINK_ERROR";
  constructor(t, e) {
    super("TAR_SYMLINK_ERROR: Cannot extract through symbolic link"), this.symlink = t, this.path = e;
  }
  get name() {
    return "SymlinkError";
  }
};
var no = (s3, t) => {
  import_node_fs11.default.stat(s3, (e, i) => {
    (e || !i.isDirectory()) && (e = new Se(s3, e?.code || "ENOTDIR")), t(e);
  });
};
var gr = (s3, t, e) => {
  s3 = f(s3);
  let i = t.umask ?? 18, r = t.mode | 448, n = (r & i) !== 0, o = t.uid, h = t.gid, a = typeof o == "number" && typeof h == "number" && (o !== t.processUid || h !== t.processGid), l = t.preserve, c = t.unlink, d = f(t.cwd), y = (E, x) => {
    E ? e(E) : x && a ? Es(x, o, h, (Le) => y(Le)) : n ? import_node_fs11.default.chmod(s3, r, e) : e();
  };
  if (s3 === d) return no(s3, y);
  if (l) return import_promises13.default.mkdir(s3, { mode: r, recursive: true }).then((E) => y(null, E ?? void 0), y);
  let D = f(import_node_path22.default.relative(d, s3)).split("/");
  Ss(d, D, r, c, d, void 0, y);
};
var Ss = (s3, t, e, i, r, n, o) => {
  if (t.length === 0) return o(null, n);
  let h = t.shift(), a = f(import_node_path22.default.resolve(s3 + "/" + h));
  import_node_fs11.default.mkdir(a, e, br(a, t, e, i, r, n, o));
};
var br = (s3, t, e, i, r, n, o) => (h) => {
  h ? import_node_fs11.default.lstat(s3, (a, l) => {
    if (a) a.path = a.path && f(a.path), o(a);
    else if (l.isDirectory()) Ss(s3, t, e, i, r, n, o);
    else if (i) import_node_fs11.default.unlink(s3, (c) => {
      if (c) return o(c);
      import_node_fs11.default.mkdir(s3, e, br(s3, t, e, i, r, n, o));
    });
    else {
      if (l.isSymbolicLink()) return o(new St(s3, s3 + "/" + t.join("/")));
      o(h);
    }
  }) : (n = n || s3, Ss(s3, t, e, i, r, n, o));
};
var oo = (s3) => {
  let t = false, e;
  try {
    t = import_node_fs11.default.statSync(s3).isDirectory();
  } catch (i) {
    e = i?.code;
  } finally {
    if (!t) throw new Se(s3, e ?? "ENOTDIR");
  }
};
var _r = (s3, t) => {
  s3 = f(s3);
  let e = t.umask ?? 18, i = t.mode | 448, r = (i & e) !== 0, n = t.uid, o = t.gid, h = typeof n == "number" && typeof o == "number" && (n !== t.processUid || o !== t.processGid), a = t.preserve, l = t.unlink, c = f(t.cwd), d = (E) => {
    E && h && ws(E, n, o), r && import_node_fs11.default.chmodSync(s3, i);
  };
  if (s3 === c) return oo(c), d();
  if (a) return d(import_node_fs11.default.mkdirSync(s3, { mode: i, recursive: true }) ?? void 0);
  let T = f(import_node_path22.default.relative(c, s3)).split("/"), D;
  for (let E = T.shift(), x = c; E && (x += "/" + E); E = T.shift()) {
    x = f(import_node_path22.default.resolve(x));
    try {
      import_node_fs11.default.mkdirSync(x, i), D = D || x;
    } catch {
      let Le = import_node_fs11.default.lstatSync(x);
      if (Le.isDirectory()) continue;
      if (l) {
        import_node_fs11.default.unlinkSync(x), import_node_fs11.default.mkdirSync(x, i), D = D || x;
        continue;
      } else if (Le.isSymbolicLink()) return new St(x, x + "/" + T.join("/"));
    }
  }
  return d(D);
};
var ys = /* @__PURE__ */ Object.create(null);
var Or = 1e4;
var Vt = /* @__PURE__ */ new Set();
var Tr = (s3) => {
  Vt.has(s3) ? Vt.delete(s3) : ys[s3] = s3.normalize("NFD").toLocaleLowerCase("en").toLocaleUpperCase("en"), Vt.add(s3);
  let t = ys[s3], e = Vt.size - Or;
  if (e > Or / 10) {
    for (let i of Vt) if (Vt.delete(i), delete ys[i], --e <= 0) break;
  }
  return t;
};
var ho = process.env.TESTING_TAR_FAKE_PLATFORM || process.platform;
var ao = ho === "win32";
var lo = (s3) => s3.split("/").slice(0, -1).reduce((e, i) => {
  let r = e.at(-1);
  return r !== void 0 && (i = (0, import_node_path23.join)(r, i)), e.push(i || "/"), e;
}, []);
var yi = class {
  #t = /* @__PURE__ */ new Map();
  #i = /* @__PURE__ */ new Map();
  #s = /* @__PURE__ */ new Set();
  reserve(t, e) {
    t = ao ? ["win32 parallelization disabled"] : t.map((r) => mt((0, import_node_path23.join)(Tr(r))));
    let i = new Set(t.map((r) => lo(r)).reduce((r, n) => r.concat(n)));
    this.#i.set(e, { dirs: i, paths: t });
    for (let r of t) {
      let n = this.#t.get(r);
      n ? n.push(e) : this.#t.set(r, [e]);
    }
    for (let r of i) {
      let n = this.#t.get(r);
      if (!n) this.#t.set(r, [/* @__PURE__ */ new Set([e])]);
      else {
        let o = n.at(-1);
        o instanceof Set ? o.add(e) : n.push(/* @__PURE__ */ new Set([e]));
      }
    }
    return this.#r(e);
  }
  #n(t) {
    let e = this.#i.get(t);
    if (!e) throw new Error("function does not have any path reservations");
    return { paths: e.paths.map((i) => this.#t.get(i)), dirs: [...e.dirs].map((i) => this.#t.get(i)) };
  }
  check(t) {
    let { paths: e, dirs: i } = this.#n(t);
    return e.every((r) => r && r[0] === t) && i.every((r) => r && r[0] instanceof Set && r[0].has(t));
  }
  #r(t) {
    return this.#s.has(t) || !this.check(t) ? false : (this.#s.add(t), t(() => this.#e(t)), true);
  }
  #e(t) {
    if (!this.#s.has(t)) return false;
    let e = this.#i.get(t);
    if (!e) throw new Error("invalid reservation");
    let { paths: i, dirs: r } = e, n = /* @__PURE__ */ new Set();
    for (let o of i) {
      let h = this.#t.get(o);
      if (!h || h?.[0] !== t) continue;
      let a = h[1];
      if (!a) {
        this.#t.delete(o);
        continue;
      }
      if (h.shift(), typeof a == "function") n.add(a);
      else for (let l of a) n.add(l);
    }
    for (let o of r) {
      let h = this.#t.get(o), a = h?.[0];
      if (!(!h || !(a instanceof Set))) if (a.size === 1 && h.length === 1) {
        this.#t.delete(o);
        continue;
      } else if (a.size === 1) {
        h.shift();
        let l = h[0];
        typeof l == "function" && n.add(l);
      } else a.delete(t);
    }
    return this.#s.delete(t), n.forEach((o) => this.#r(o)), true;
  }
};
var Lr = () => process.umask();
var Dr = /* @__PURE__ */ Symbol("onEntry");
var _s = /* @__PURE__ */ Symbol("checkFs");
var Nr = /* @__PURE__ */ Symbol("checkFs2");
var Os = /* @__PURE__ */ Symbol("isReusable");
var P = /* @__PURE__ */ Symbol("makeFs");
var Ts = /* @__PURE__ */ Symbol("file");
var xs = /* @__PURE__ */ Symbol("directory");
var gi = /* @__PURE__ */ Symbol("link");
var Ar = /* @__PURE__ */ Symbol("symlink");
var Ir = /* @__PURE__ */ Symbol("hardlink");
var Re = /* @__PURE__ */ Symbol("ensureNoSymlink");
var Cr = /* @__PURE__ */ Symbol("unsupported");
var Fr = /* @__PURE__ */ Symbol("checkPath");
var Rs = /* @__PURE__ */ Symbol("stripAbsolutePath");
var yt = /* @__PURE__ */ Symbol("mkdir");
var O = /* @__PURE__ */ Symbol("onError");
var Ri = /* @__PURE__ */ Symbol("pending");
var kr = /* @__PURE__ */ Symbol("pend");
var $t = /* @__PURE__ */ Symbol("unpend");
var gs = /* @__PURE__ */ Symbol("ended");
var bs = /* @__PURE__ */ Symbol("maybeClose");
var Ls = /* @__PURE__ */ Symbol("skip");
var ge = /* @__PURE__ */ Symbol("doChown");
var be = /* @__PURE__ */ Symbol("uid");
var _e = /* @__PURE__ */ Symbol("gid");
var Oe = /* @__PURE__ */ Symbol("checkedCwd");
var fo = process.env.TESTING_TAR_FAKE_PLATFORM || process.platform;
var Te = fo === "win32";
var uo = 1024;
var mo = (s3, t) => {
  if (!Te) return import_node_fs9.default.unlink(s3, t);
  let e = s3 + ".DELETE." + (0, import_node_crypto9.randomBytes)(16).toString("hex");
  import_node_fs9.default.rename(s3, e, (i) => {
    if (i) return t(i);
    import_node_fs9.default.unlink(e, t);
  });
};
var po = (s3) => {
  if (!Te) return import_node_fs9.default.unlinkSync(s3);
  let t = s3 + ".DELETE." + (0, import_node_crypto9.randomBytes)(16).toString("hex");
  import_node_fs9.default.renameSync(s3, t), import_node_fs9.default.unlinkSync(t);
};
var vr = (s3, t, e) => s3 !== void 0 && s3 === s3 >>> 0 ? s3 : t !== void 0 && t === t >>> 0 ? t : e;
var Xt = class extends rt {
  [gs] = false;
  [Oe] = false;
  [Ri] = 0;
  reservations = new yi();
  transform;
  writable = true;
  readable = false;
  uid;
  gid;
  setOwner;
  preserveOwner;
  processGid;
  processUid;
  maxDepth;
  forceChown;
  win32;
  newer;
  keep;
  noMtime;
  preservePaths;
  unlink;
  cwd;
  strip;
  processUmask;
  umask;
  dmode;
  fmode;
  chmod;
  constructor(t = {}) {
    if (t.ondone = () => {
      this[gs] = true, this[bs]();
    }, super(t), this.transform = t.transform, this.chmod = !!t.chmod, typeof t.uid == "number" || typeof t.gid == "number") {
      if (typeof t.uid != "number" || typeof t.gid != "number") throw new TypeError("cannot set owner without number uid and gid");
      if (t.preserveOwner) throw new TypeError("cannot preserve owner in archive and also set owner explicitly");
      this.uid = t.uid, this.gid = t.gid, this.setOwner = true;
    } else this.uid = void 0, this.gid = void 0, this.setOwner = false;
    this.preserveOwner = t.preserveOwner === void 0 && typeof t.uid != "number" ? process.getuid?.() === 0 : !!t.preserveOwner, this.processUid = (this.preserveOwner || this.setOwner) && process.getuid ? process.getuid() : void 0, this.processGid = (this.preserveOwner || this.setOwner) && process.getgid ? process.getgid() : void 0, this.maxDepth = typeof t.maxDepth == "number" ? t.maxDepth : uo, this.forceChown = t.forceChown === true, this.win32 = !!t.win32 || Te, this.newer = !!t.newer, this.keep = !!t.keep, this.noMtime = !!t.noMtime, this.preservePaths = !!t.preservePaths, this.unlink = !!t.unlink, this.cwd = f(import_node_path20.default.resolve(t.cwd || process.cwd())), this.strip = Number(t.strip) || 0, this.processUmask = this.chmod ? typeof t.processUmask == "number" ? t.processUmask : Lr() : 0, this.umask = typeof t.umask == "number" ? t.umask : this.processUmask, this.dmode = t.dmode || 511 & ~this.umask, this.fmode = t.fmode || 438 & ~this.umask, this.on("entry", (e) => this[Dr](e));
  }
  warn(t, e, i = {}) {
    return (t === "TAR_BAD_ARCHIVE" || t === "TAR_ABORT") && (i.recoverable = false), super.warn(t, e, i);
  }
  [bs]() {
    this[gs] && this[Ri] === 0 && (this.emit("prefinish"), this.emit("finish"), this.emit("end"));
  }
  [Rs](t, e) {
    let i = t[e], { type: r } = t;
    if (!i || this.preservePaths) return true;
    let [n, o] = ce(i), h = o.replaceAll(/\\/g, "/").split("/");
    if (h.includes("..") || Te && /^[a-z]:\.\.$/i.test(h[0] ?? "")) {
      if (e === "path" || r === "Link") return this.warn("TAR_ENTRY_ERROR", `${e} contains '..'`, { entry: t, [e]: i }), false;
      let a = import_node_path20.default.posix.dirname(t.path), l = import_node_path20.default.posix.normalize(import_node_path20.default.posix.join(a, h.join("/")));
      if (l.startsWith("../") || l === "..") return this.warn("TAR_ENTRY_ERROR", `${e} escapes extraction directory`, { entry: t, [e]: i }), false;
    }
    return n && (t[e] = String(o), this.warn("TAR_ENTRY_INFO", `stripping ${n} from absolute ${e}`, { entry: t, [e]: i })), true;
  }
  [Fr](t) {
    let e = f(t.path), i = e.split("/");
    if (this.strip) {
      if (i.length < this.strip) return false;
      if (t.type === "Link") {
        let r = f(String(t.linkpath)).split("/");
        if (r.length >= this.strip) t.linkpath = r.slice(this.strip).join("/");
        else return false;
      }
      i.splice(0, this.strip), t.path = i.join("/");
    }
    if (isFinite(this.maxDepth) && i.length > this.maxDepth) return this.warn("TAR_ENTRY_ERROR", "path excessively deep", { entry: t, path: e, depth: i.length, maxDepth: this.maxDepth }), false;
    if (!this[Rs](t, "path") || !this[Rs](t, "linkpath")) return false;
    if (t.absolute = import_node_path20.default.isAbsolute(t.path) ? f(import_node_path20.default.resolve(t.path)) : f(import_node_path20.default.resolve(this.cwd, t.path)), !this.preservePaths && typeof t.absolute == "string" && t.absolute.indexOf(this.cwd + "/") !== 0 && t.absolute !== this.cwd) return this.warn("TAR_ENTRY_ERROR", "path escaped extraction target", { entry: t, path: f(t.path), resolvedPath: t.absolute, cwd: this.cwd }), false;
    if (t.absolute === this.cwd && t.type !== "Directory" && t.type !== "GNUDumpDir") return false;
    if (this.win32) {
      let { root: r } = import_node_path20.default.win32.parse(String(t.absolute));
      t.absolute = r + ts(String(t.absolute).slice(r.length));
      let { root: n } = import_node_path20.default.win32.parse(t.path);
      t.path = n + ts(t.path.slice(n.length));
    }
    return true;
  }
  [Dr](t) {
    if (!this[Fr](t)) return t.resume();
    switch (import_node_assert.default.equal(typeof t.absolute, "string"), t.type) {
      case "Directory":
      case "GNUDumpDir":
        t.mode && (t.mode = t.mode | 448);
      case "File":
      case "OldFile":
      case "ContiguousFile":
      case "Link":
      case "SymbolicLink":
        return this[_s](t);
      default:
        return this[Cr](t);
    }
  }
  [O](t, e) {
    t.name === "CwdError" ? this.emit("error", t) : (this.warn("TAR_ENTRY_ERROR", t, { entry: e }), this[$t](), e.resume());
  }
  [yt](t, e, i) {
    gr(f(t), { uid: this.uid, gid: this.gid, processUid: this.processUid, processGid: this.processGid, umask: this.processUmask, preserve: this.preservePaths, unlink: this.unlink, cwd: this.cwd, mode: e }, i);
  }
  [ge](t) {
    return this.forceChown || this.preserveOwner && (typeof t.uid == "number" && t.uid !== this.processUid || typeof t.gid == "number" && t.gid !== this.processGid) || typeof this.uid == "number" && this.uid !== this.processUid || typeof this.gid == "number" && this.gid !== this.processGid;
  }
  [be](t) {
    return vr(this.uid, t.uid, this.processUid);
  }
  [_e](t) {
    return vr(this.gid, t.gid, this.processGid);
  }
  [Ts](t, e) {
    let i = typeof t.mode == "number" ? t.mode & 4095 : this.fmode, r = new et(String(t.absolute), { flags: ms(t.size), mode: i, autoClose: false });
    r.on("error", (a) => {
      r.fd && import_node_fs9.default.close(r.fd, () => {
      }), r.write = () => true, this[O](a, t), e();
    });
    let n = 1, o = (a) => {
      if (a) {
        r.fd && import_node_fs9.default.close(r.fd, () => {
        }), this[O](a, t), e();
        return;
      }
      --n === 0 && r.fd !== void 0 && import_node_fs9.default.close(r.fd, (l) => {
        l ? this[O](l, t) : this[$t](), e();
      });
    };
    r.on("finish", () => {
      let a = String(t.absolute), l = r.fd;
      if (typeof l == "number" && t.mtime && !this.noMtime) {
        n++;
        let c = t.atime || /* @__PURE__ */ new Date(), d = t.mtime;
        import_node_fs9.default.futimes(l, c, d, (y) => y ? import_node_fs9.default.utimes(a, c, d, (T) => o(T && y)) : o());
      }
      if (typeof l == "number" && this[ge](t)) {
        n++;
        let c = this[be](t), d = this[_e](t);
        typeof c == "number" && typeof d == "number" && import_node_fs9.default.fchown(l, c, d, (y) => y ? import_node_fs9.default.chown(a, c, d, (T) => o(T && y)) : o());
      }
      o();
    });
    let h = this.transform && this.transform(t) || t;
    h !== t && (h.on("error", (a) => {
      this[O](a, t), e();
    }), t.pipe(h)), h.pipe(r);
  }
  [xs](t, e) {
    let i = typeof t.mode == "number" ? t.mode & 4095 : this.dmode;
    this[yt](String(t.absolute), i, (r) => {
      if (r) {
        this[O](r, t), e();
        return;
      }
      let n = 1, o = () => {
        --n === 0 && (e(), this[$t](), t.resume());
      };
      t.mtime && !this.noMtime && (n++, import_node_fs9.default.utimes(String(t.absolute), t.atime || /* @__PURE__ */ new Date(), t.mtime, o)), this[ge](t) && (n++, import_node_fs9.default.chown(String(t.absolute), Number(this[be](t)), Number(this[_e](t)), o)), o();
    });
  }
  [Cr](t) {
    t.unsupported = true, this.warn("TAR_ENTRY_UNSUPPORTED", `unsupported entry type: ${t.type}`, { entry: t }), t.resume();
  }
  [Ar](t, e) {
    let i = f(import_node_path20.default.relative(this.cwd, import_node_path20.default.resolve(import_node_path20.default.dirname(String(t.absolute)), String(t.linkpath)))).split("/");
    this[Re](t, this.cwd, i, () => this[gi](t, String(t.linkpath), "symlink", e), (r) => {
      this[O](r, t), e();
    });
  }
  [Ir](t, e) {
    let i = f(import_node_path20.default.resolve(this.cwd, String(t.linkpath))), r = f(String(t.linkpath)).split("/");
    this[Re](t, this.cwd, r, () => this[gi](t, i, "link", e), (n) => {
      this[O](n, t), e();
    });
  }
  [Re](t, e, i, r, n) {
    let o = i.shift();
    if (this.preservePaths || o === void 0) return r();
    let h = import_node_path20.default.resolve(e, o);
    import_node_fs9.default.lstat(h, (a, l) => {
      if (a) return r();
      if (l?.isSymbolicLink()) return n(new St(h, import_node_path20.default.resolve(h, i.join("/"))));
      this[Re](t, h, i, r, n);
    });
  }
  [kr]() {
    this[Ri]++;
  }
  [$t]() {
    this[Ri]--, this[bs]();
  }
  [Ls](t) {
    this[$t](), t.resume();
  }
  [Os](t, e) {
    return t.type === "File" && !this.unlink && e.isFile() && e.nlink <= 1 && !Te;
  }
  [_s](t) {
    this[kr]();
    let e = [t.path];
    t.linkpath && e.push(t.linkpath), this.reservations.reserve(e, (i) => this[Nr](t, i));
  }
  [Nr](t, e) {
    let i = (h) => {
      e(h);
    }, r = () => {
      this[yt](this.cwd, this.dmode, (h) => {
        if (h) {
          this[O](h, t), i();
          return;
        }
        this[Oe] = true, n();
      });
    }, n = () => {
      if (t.absolute !== this.cwd) {
        let h = f(import_node_path20.default.dirname(String(t.absolute)));
        if (h !== this.cwd) return this[yt](h, this.dmode, (a) => {
          if (a) {
            this[O](a, t), i();
            return;
          }
          o();
        });
      }
      o();
    }, o = () => {
      import_node_fs9.default.lstat(String(t.absolute), (h, a) => {
        if (a && (this.keep || this.newer && a.mtime > (t.mtime ?? a.mtime))) {
          this[Ls](t), i();
          return;
        }
        if (h || this[Os](t, a)) return this[P](null, t, i);
        if (a.isDirectory()) {
          if (t.type === "Directory") {
            let l = this.chmod && t.mode && (a.mode & 4095) !== t.mode, c = (d) => this[P](d ?? null, t, i);
            return l ? import_node_fs9.default.chmod(String(t.absolute), Number(t.mode), c) : c();
          }
          if (t.absolute !== this.cwd) return import_node_fs9.default.rmdir(String(t.absolute), (l) => this[P](l ?? null, t, i));
        }
        if (t.absolute === this.cwd) return this[P](null, t, i);
        mo(String(t.absolute), (l) => this[P](l ?? null, t, i));
      });
    };
    this[Oe] ? n() : r();
  }
  [P](t, e, i) {
    if (t) {
      this[O](t, e), i();
      return;
    }
    switch (e.type) {
      case "File":
      case "OldFile":
      case "ContiguousFile":
        return this[Ts](e, i);
      case "Link":
        return this[Ir](e, i);
      case "SymbolicLink":
        return this[Ar](e, i);
      case "Directory":
      case "GNUDumpDir":
        return this[xs](e, i);
    }
  }
  [gi](t, e, i, r) {
    import_node_fs9.default[i](e, String(t.absolute), (n) => {
      n ? this[O](n, t) : (this[$t](), t.resume()), r();
    });
  }
};
var ye = (s3) => {
  try {
    return [null, s3()];
  } catch (t) {
    return [t, null];
  }
};
var xe = class extends Xt {
  sync = true;
  [P](t, e) {
    return super[P](t, e, () => {
    });
  }
  [_s](t) {
    if (!this[Oe]) {
      let n = this[yt](this.cwd, this.dmode);
      if (n) return this[O](n, t);
      this[Oe] = true;
    }
    if (t.absolute !== this.cwd) {
      let n = f(import_node_path20.default.dirname(String(t.absolute)));
      if (n !== this.cwd) {
        let o = this[yt](n, this.dmode);
        if (o) return this[O](o, t);
      }
    }
    let [e, i] = ye(() => import_node_fs9.default.lstatSync(String(t.absolute)));
    if (i && (this.keep || this.newer && i.mtime > (t.mtime ?? i.mtime))) return this[Ls](t);
    if (e || this[Os](t, i)) return this[P](null, t);
    if (i.isDirectory()) {
      if (t.type === "Directory") {
        let o = this.chmod && t.mode && (i.mode & 4095) !== t.mode, [h] = o ? ye(() => {
          import_node_fs9.default.chmodSync(String(t.absolute), Number(t.mode));
        }) : [];
        return this[P](h, t);
      }
      let [n] = ye(() => import_node_fs9.default.rmdirSync(String(t.absolute)));
      this[P](n, t);
    }
    let [r] = t.absolute === this.cwd ? [] : ye(() => po(String(t.absolute)));
    this[P](r, t);
  }
  [Ts](t, e) {
    let i = typeof t.mode == "number" ? t.mode & 4095 : this.fmode, r = (h) => {
      let a;
      try {
        import_node_fs9.default.closeSync(n);
      } catch (l) {
        a = l;
      }
      (h || a) && this[O](h || a, t), e();
    }, n;
    try {
      n = import_node_fs9.default.openSync(String(t.absolute), ms(t.size), i);
    } catch (h) {
      return r(h);
    }
    let o = this.transform && this.transform(t) || t;
    o !== t && (o.on("error", (h) => this[O](h, t)), t.pipe(o)), o.on("data", (h) => {
      try {
        import_node_fs9.default.writeSync(n, h, 0, h.length);
      } catch (a) {
        r(a);
      }
    }), o.on("end", () => {
      let h = null;
      if (t.mtime && !this.noMtime) {
        let a = t.atime || /* @__PURE__ */ new Date(), l = t.mtime;
        try {
          import_node_fs9.default.futimesSync(n, a, l);
        } catch (c) {
          try {
            import_node_fs9.default.utimesSync(String(t.absolute), a, l);
          } catch {
            h = c;
          }
        }
      }
      if (this[ge](t)) {
        let a = this[be](t), l = this[_e](t);
        try {
          import_node_fs9.default.fchownSync(n, Number(a), Number(l));
        } catch (c) {
          try {
            import_node_fs9.default.chownSync(String(t.absolute), Number(a), Number(l));
          } catch {
            h = h || c;
          }
        }
      }
      r(h);
    });
  }
  [xs](t, e) {
    let i = typeof t.mode == "number" ? t.mode & 4095 : this.dmode, r = this[yt](String(t.absolute), i);
    if (r) {
      this[O](r, t), e();
      return;
    }
    if (t.mtime && !this.noMtime) try {
      import_node_fs9.default.utimesSync(String(t.absolute), t.atime || /* @__PURE__ */ new Date(), t.mtime);
    } catch {
    }
    if (this[ge](t)) try {
      import_node_fs9.default.chownSync(String(t.absolute), Number(this[be](t)), Number(this[_e](t)));
    } catch {
    }
    e(), t.resume();
  }
  [yt](t, e) {
    try {
      return _r(f(t), { uid: this.uid, gid: this.gid, processUid: this.processUid, processGid: this.processGid, umask: this.processUmask, preserve: this.preservePaths, unlink: this.unlink, cwd: this.cwd, mode: e });
    } catch (i) {
      return i;
    }
  }
  [Re](t, e, i, r, n) {
    if (this.preservePaths || i.length === 0) return r();
    let o = e;
    for (let h of i) {
      o = import_node_path20.default.resolve(o, h);
      let [a, l] = ye(() => import_node_fs9.default.lstatSync(o));
      if (a) return r();
      if (l.isSymbolicLink()) return n(new St(o, import_node_path20.default.resolve(e, i.join("/"))));
    }
    r();
  }
  [gi](t, e, i, r) {
    let n = `${i}Sync`;
    try {
      import_node_fs9.default[n](e, String(t.absolute)), r(), t.resume();
    } catch (o) {
      return this[O](o, t);
    }
  }
};
var Eo = (s3) => {
  let t = new xe(s3), e = s3.file, i = import_node_fs8.default.statSync(e), r = s3.maxReadSize || 16 * 1024 * 1024;
  new Be(e, { readSize: r, size: i.size }).pipe(t);
};
var wo = (s3, t) => {
  let e = new Xt(s3), i = s3.maxReadSize || 16 * 1024 * 1024, r = s3.file;
  return new Promise((o, h) => {
    e.on("error", h), e.on("close", o), import_node_fs8.default.stat(r, (a, l) => {
      if (a) h(a);
      else {
        let c = new _t(r, { readSize: i, size: l.size });
        c.on("error", h), c.pipe(e);
      }
    });
  });
};
var So = K(Eo, wo, (s3) => new xe(s3), (s3) => new Xt(s3), (s3, t) => {
  t?.length && Qi(s3, t);
});
var yo = (s3, t) => {
  let e = new kt(s3), i = true, r, n;
  try {
    try {
      r = import_node_fs12.default.openSync(s3.file, "r+");
    } catch (a) {
      if (a?.code === "ENOENT") r = import_node_fs12.default.openSync(s3.file, "w+");
      else throw a;
    }
    let o = import_node_fs12.default.fstatSync(r), h = Buffer.alloc(512);
    t: for (n = 0; n < o.size; n += 512) {
      for (let c = 0, d = 0; c < 512; c += d) {
        if (d = import_node_fs12.default.readSync(r, h, c, h.length - c, n + c), n === 0 && h[0] === 31 && h[1] === 139) throw new Error("cannot append to compressed archives");
        if (!d) break t;
      }
      let a = new F(h);
      if (!a.cksumValid) break;
      let l = 512 * Math.ceil((a.size || 0) / 512);
      if (n + l + 512 > o.size) break;
      n += l, s3.mtimeCache && a.mtime && s3.mtimeCache.set(String(a.path), a.mtime);
    }
    i = false, Ro(s3, e, n, r, t);
  } finally {
    if (i) try {
      import_node_fs12.default.closeSync(r);
    } catch {
    }
  }
};
var Ro = (s3, t, e, i, r) => {
  let n = new Wt(s3.file, { fd: i, start: e });
  t.pipe(n), bo(t, r);
};
var go = (s3, t) => {
  t = Array.from(t);
  let e = new wt(s3), i = (n, o, h) => {
    let a = (T, D) => {
      T ? import_node_fs12.default.close(n, (E) => h(T)) : h(null, D);
    }, l = 0;
    if (o === 0) return a(null, 0);
    let c = 0, d = Buffer.alloc(512), y = (T, D) => {
      if (T || D === void 0) return a(T);
      if (c += D, c < 512 && D) return import_node_fs12.default.read(n, d, c, d.length - c, l + c, y);
      if (l === 0 && d[0] === 31 && d[1] === 139) return a(new Error("cannot append to compressed archives"));
      if (c < 512) return a(null, l);
      let E = new F(d);
      if (!E.cksumValid) return a(null, l);
      let x = 512 * Math.ceil((E.size ?? 0) / 512);
      if (l + x + 512 > o || (l += x + 512, l >= o)) return a(null, l);
      s3.mtimeCache && E.mtime && s3.mtimeCache.set(String(E.path), E.mtime), c = 0, import_node_fs12.default.read(n, d, 0, 512, l, y);
    };
    import_node_fs12.default.read(n, d, 0, 512, l, y);
  };
  return new Promise((n, o) => {
    e.on("error", o);
    let h = "r+", a = (l, c) => {
      if (l && l.code === "ENOENT" && h === "r+") return h = "w+", import_node_fs12.default.open(s3.file, h, a);
      if (l || !c) return o(l);
      import_node_fs12.default.fstat(c, (d, y) => {
        if (d) return import_node_fs12.default.close(c, () => o(d));
        i(c, y.size, (T, D) => {
          if (T) return o(T);
          let E = new et(s3.file, { fd: c, start: D });
          e.pipe(E), E.on("error", o), E.on("close", n), _o(e, t);
        });
      });
    };
    import_node_fs12.default.open(s3.file, h, a);
  });
};
var bo = (s3, t) => {
  t.forEach((e) => {
    e.charAt(0) === "@" ? Ct({ file: import_node_path24.default.resolve(s3.cwd, e.slice(1)), sync: true, noResume: true, onReadEntry: (i) => s3.add(i) }) : s3.add(e);
  }), s3.end();
};
var _o = async (s3, t) => {
  for (let e of t) e.charAt(0) === "@" ? await Ct({ file: import_node_path24.default.resolve(String(s3.cwd), e.slice(1)), noResume: true, onReadEntry: (i) => s3.add(i) }) : s3.add(e);
  s3.end();
};
var vt = K(yo, go, () => {
  throw new TypeError("file is required");
}, () => {
  throw new TypeError("file is required");
}, (s3, t) => {
  if (!Bs(s3)) throw new TypeError("file is required");
  if (s3.gzip || s3.brotli || s3.zstd || s3.file.endsWith(".br") || s3.file.endsWith(".tbr")) throw new TypeError("cannot append to compressed archives");
  if (!t?.length) throw new TypeError("no paths specified to add/replace");
});
var Oo = K(vt.syncFile, vt.asyncFile, vt.syncNoFile, vt.asyncNoFile, (s3, t = []) => {
  vt.validate?.(s3, t), To(s3);
});
var To = (s3) => {
  let t = s3.filter;
  s3.mtimeCache || (s3.mtimeCache = /* @__PURE__ */ new Map()), s3.filter = t ? (e, i) => t(e, i) && !((s3.mtimeCache?.get(e) ?? i.mtime ?? 0) > (i.mtime ?? 0)) : (e, i) => !((s3.mtimeCache?.get(e) ?? i.mtime ?? 0) > (i.mtime ?? 0));
};

// packages/client/src/context/peek.ts
var import_node_stream3 = require("node:stream");
var import_promises14 = require("node:stream/promises");
async function peek(content, count, signal) {
  const rest2 = new import_node_stream3.PassThrough();
  const chunks = [];
  let length = 0;
  const flowing = (0, import_promises14.pipeline)(
    content,
    async function* (source) {
      for await (const chunk of source) yield Buffer.from(chunk);
    },
    rest2,
    ...signal === void 0 ? [] : [{ signal }]
  );
  flowing.catch(() => void 0);
  const read4 = () => {
    for (let chunk = rest2.read(); chunk !== null; chunk = rest2.read()) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= count) return true;
    }
    return rest2.readableEnded || rest2.destroyed;
  };
  while (!read4()) {
    await new Promise((resolve10) => {
      for (const event of ["readable", "end", "close", "error"]) rest2.once(event, () => resolve10());
    });
  }
  if (signal?.aborted === true) throw new BuildError("ABORTED", "the build context was being read");
  if (rest2.errored !== null) {
    const why = `the build context on standard input cannot be used: ${rest2.errored.message}`;
    throw new BuildError("CONTEXT_FAILED", why, { cause: rest2.errored });
  }
  const start = Buffer.concat(chunks);
  if (!rest2.readableEnded) {
    rest2.unshift(start);
    return { start: start.subarray(0, count), rest: rest2 };
  }
  const whole = new import_node_stream3.PassThrough();
  whole.end(start);
  return { start: start.subarray(0, count), rest: whole };
}

// packages/client/src/context/archive.ts
var MAX_BYTES3 = 20 * 1024 ** 3;
var MAX_ENTRIES2 = 1e6;
var HEADER = 512;
var OTHERS = [
  { name: "bzip2", magic: Buffer.from("BZh") },
  { name: "xz", magic: Buffer.from([253, 55, 122, 88, 90]) },
  { name: "zstd", magic: Buffer.from([40, 181, 47, 253]) },
  { name: "zip", magic: Buffer.from("PK") }
];
var MAX_DOCKERFILE = 1024 * 1024;
async function unpack(content, directory, signal) {
  const { start, rest: rest2 } = await peek(content, HEADER, signal);
  const other = OTHERS.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
  if (other !== void 0) throw failed2(`it is compressed by ${other.name}; send it plain, or by gzip`);
  if (start.length === 0) throw failed2("nothing has come on standard input");
  const isGzip2 = start[0] === 31 && start[1] === 139;
  const isTar = start.length === HEADER && isHeader(start);
  if (!isGzip2 && !isTar) return writeDockerfile(rest2, directory);
  const found = {};
  const links = /* @__PURE__ */ new Map();
  let bytes = 0;
  let count = 0;
  const refuse = (why) => {
    found.problem ??= why;
    return false;
  };
  const unpacking = So({
    cwd: directory,
    strict: true,
    preserveOwner: false,
    chmod: true,
    processUmask: 0,
    filter: (path8, entry2) => {
      if (found.problem !== void 0 || !("type" in entry2)) return false;
      bytes += entry2.size;
      if (bytes > MAX_BYTES3) return refuse(`it is larger than ${MAX_BYTES3 / 1024 ** 3} GiB`);
      if (++count > MAX_ENTRIES2) return refuse(`it has more than ${MAX_ENTRIES2} entries`);
      const why = leaving(path8, entry2);
      if (why !== void 0) return refuse(why);
      const name2 = partsOf(path8).join("/");
      links.delete(name2);
      if (entry2.type !== "SymbolicLink") return true;
      links.set(name2, { path: path8, target: entry2.linkpath ?? "", time: entry2.mtime ?? /* @__PURE__ */ new Date() });
      return false;
    }
  });
  try {
    await (0, import_promises16.pipeline)(rest2, unpacking, ...signal === void 0 ? [] : [{ signal }]);
    if (found.problem === void 0) links.forEach((link) => makeLink(directory, link));
  } catch (cause) {
    if (signal?.aborted === true) throw new BuildError("ABORTED", "the build context was being read", { cause });
    throw failed2(found.problem ?? cause.message, cause);
  }
  if (found.problem !== void 0) throw failed2(found.problem);
  if (count === 0) throw failed2("there is nothing in it");
}
function leaving(path8, { type: type2, linkpath = "" }) {
  const name2 = JSON.stringify(path8.slice(0, 300));
  const leads2 = (to2) => to2.startsWith("/") || to2.split("/").includes("..");
  if (leads2(path8)) return `the entry ${name2} leads out of it`;
  if (type2 === "Link" && leads2(linkpath)) return `the hard link ${name2} leads out of it`;
  return void 0;
}
function makeLink(root, { path: path8, target, time }) {
  const parts = partsOf(path8);
  let at2 = root;
  for (const part of parts.slice(0, -1)) {
    at2 = (0, import_node_path25.join)(at2, part);
    const found = (0, import_node_fs13.lstatSync)(at2, { throwIfNoEntry: false });
    if (found === void 0) (0, import_node_fs13.mkdirSync)(at2);
    else if (!found.isDirectory())
      throw new Error(`the entry ${JSON.stringify(path8)} is below something that is no directory`);
  }
  const link = (0, import_node_path25.join)(at2, parts.at(-1) ?? "");
  if ((0, import_node_fs13.lstatSync)(link, { throwIfNoEntry: false })?.isDirectory() === false) (0, import_node_fs13.rmSync)(link);
  (0, import_node_fs13.symlinkSync)(target, link);
  (0, import_node_fs13.lutimesSync)(link, time, time);
}
function partsOf(path8) {
  return path8.split("/").filter((part) => part !== "" && part !== ".");
}
function isHeader(block2) {
  const told = Number.parseInt(
    block2.toString("latin1", 148, 156).replace(/[\0 ]+$/, "").trim(),
    8
  );
  const sum = block2.reduce((total, byte, at2) => total + (at2 >= 148 && at2 < 156 ? 32 : byte), 0);
  return told === sum;
}
async function writeDockerfile(content, directory) {
  const chunks = [];
  let length = 0;
  for await (const chunk of content) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_DOCKERFILE) throw failed2("it is no tar archive, and too long for a Dockerfile");
  }
  const text3 = Buffer.concat(chunks);
  if (text3.includes(0)) throw failed2("it is neither a tar archive nor a Dockerfile");
  await (0, import_promises15.writeFile)((0, import_node_path25.join)(directory, "Dockerfile"), text3);
}
function failed2(why, cause) {
  return new BuildError("CONTEXT_FAILED", `the build context on standard input cannot be used: ${why}`, { cause });
}

// packages/client/src/context/git.ts
var import_node_child_process2 = require("node:child_process");
var import_node_fs14 = require("node:fs");
var import_promises17 = require("node:fs/promises");
var import_node_path26 = require("node:path");

// packages/client/src/context/git-credential.ts
function withoutCredential(remote, file) {
  const [, scheme = "", user, rest2 = ""] = /^(https?:\/\/)([^/]*)@(.*)$/.exec(remote) ?? [];
  if (user === void 0) return { url: remote, config: "", credential: void 0 };
  const hasPassword = user.includes(":");
  const first = hasPassword ? "helper =" : `username = ${quoted(decoded(user))}`;
  return {
    url: `${scheme}${rest2}`,
    config: `[credential]
	${first}
	helper = store --file=${file}
`,
    // Git would take what follows the first @ for the host.
    credential: `${scheme}${user.replaceAll("@", "%40")}${hasPassword ? "" : ":"}@${rest2.split("/", 1)[0] ?? ""}
`
  };
}
function quoted(value) {
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
function decoded(text3) {
  try {
    return decodeURIComponent(text3);
  } catch {
    return text3;
  }
}

// packages/client/src/context/git-url.ts
var SCHEME2 = /^(?:https?|git|ssh):\/\/[^\s/]/;
var SCP = /^[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s/-]/;
function isGitUrl(text3) {
  const [address = ""] = text3.split(/[#?]/, 1);
  if (/^https?:\/\//.test(text3)) return address.endsWith(".git");
  return /^(?:git|ssh):\/\//.test(text3) || SCP.test(text3) || text3.startsWith("github.com/");
}
function parseGitUrl(text3) {
  const wrong = (why) => new BuildError(
    "CONTEXT_FAILED",
    `${JSON.stringify(withoutUser(text3))} is not the address of a Git repository: ${why}`
  );
  const hash = text3.indexOf("#");
  const address = hash === -1 ? text3 : text3.slice(0, hash);
  const fragment = hash === -1 ? "" : text3.slice(hash + 1);
  if (address.includes("?")) throw wrong("queries are not read; name the ref and the directory as #ref:directory");
  const remote = address.startsWith("github.com/") ? `https://${address}` : address;
  if (!SCHEME2.test(remote) && !SCP.test(remote)) throw wrong("begin it with https://, ssh:// or git://");
  if (!/^[\x21-\x7e]+$/.test(remote)) throw wrong("it has blanks or control characters in it");
  const colon = fragment.indexOf(":");
  const ref = (colon === -1 ? fragment : fragment.slice(0, colon)) || "HEAD";
  const directory = colon === -1 ? "" : fragment.slice(colon + 1);
  if (!/^[A-Za-z0-9_./@-]+$/.test(ref) || /^[-/.]|\.\.|@\{/.test(ref))
    throw wrong(`the ref ${JSON.stringify(ref)} is none`);
  if (directory.split("/").includes("..")) throw wrong("the directory leads out of the repository");
  return { remote, ref, directory: directory.replace(/^\/+|\/+$/g, "") };
}
function withoutUser(text3) {
  return text3.replace(/^([a-z]+:\/\/)[^/\s]*@/i, "$1");
}

// packages/client/src/context/git.ts
var MAX_SAID = 16 * 1024;
var CAREFUL = [
  ...["core.hooksPath=/dev/null", "core.fsmonitor=false", "submodule.recurse=false", "fetch.recurseSubmodules=false"],
  ...["protocol.allow=never", "protocol.https.allow=always", "protocol.http.allow=always"],
  ...["protocol.ssh.allow=always", "protocol.git.allow=always", "advice.detachedHead=false", "gc.auto=0"]
].flatMap((setting) => ["-c", setting]);
async function checkOut(source, directory, env, signal) {
  let ssh = {};
  const git = async (...args) => run2(source, directory, [...CAREFUL, ...args], { ...env, ...ssh }, signal);
  const metadata = (0, import_node_path26.join)(directory, ".git");
  await git("init", "--quiet", "--template=");
  const { url, config, credential: credential2 } = withoutCredential(source.remote, ".git/kbuild-credential");
  const lines = `[core]
	bare = false
[remote "origin"]
	url = ${quoted(url)}
${config}`;
  await (0, import_promises17.mkdir)(metadata, { recursive: true });
  await (0, import_promises17.writeFile)((0, import_node_path26.join)(metadata, "config"), lines, { mode: 384 });
  if (credential2 !== void 0) await (0, import_promises17.writeFile)((0, import_node_path26.join)(metadata, "kbuild-credential"), credential2, { mode: 384 });
  if (/^(?:ssh:|[^/:]+@)/.test(source.remote) && env["GIT_SSH"] === void 0 && env["GIT_SSH_COMMAND"] === void 0) {
    const isConfigured = await git("config", "--get", "core.sshCommand").then(
      () => true,
      () => false
    );
    if (!isConfigured) ssh = { GIT_SSH_COMMAND: "ssh -o BatchMode=yes" };
  }
  await git("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "origin", source.ref);
  await git("checkout", "--quiet", "--detach", "FETCH_HEAD");
  await (0, import_promises17.rm)(metadata, { recursive: true, force: true });
  return (0, import_node_fs14.existsSync)((0, import_node_path26.join)(directory, ".gitmodules")) ? ["The submodules of the repository are not fetched."] : [];
}
async function run2(source, cwd, args, env, signal) {
  const quiet = { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true", SSH_ASKPASS: "true", GIT_LFS_SKIP_SMUDGE: "1" };
  const child2 = (0, import_node_child_process2.spawn)("git", args, {
    cwd,
    // A repository that the caller stands in is not the one that is meant.
    env: { ...withoutRepository(env), ...quiet },
    stdio: ["ignore", "ignore", "pipe"],
    ...signal === void 0 ? {} : { signal }
  });
  let said = "";
  child2.stderr.on("data", (chunk) => {
    if (said.length < MAX_SAID) said += chunk.toString("utf8");
  });
  const code3 = await new Promise((resolve10, reject) => {
    child2.once("error", (cause) => {
      const isAbort = signal?.aborted === true;
      const why = cause.code === "ENOENT" ? "git is not installed here" : cause.message;
      reject(
        isAbort ? new BuildError("ABORTED", "the build context was being fetched", { cause }) : failed3(source, `${why}; fetch it yourself, and build its directory`, cause)
      );
    });
    child2.once("close", resolve10);
  });
  if (code3 === 0) return;
  const words = said.trim().split("\n").slice(-3).join("; ").slice(0, 1e3);
  throw failed3(source, `git ended with exit code ${code3 ?? "none"}: ${hide(words, source.remote)}`);
}
function withoutRepository(env) {
  const ofRepositories = /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|TEMPLATE_DIR)$/;
  return Object.fromEntries(Object.entries(env).filter(([name2]) => !ofRepositories.test(name2)));
}
function failed3({ remote, ref }, why, cause) {
  return new BuildError("CONTEXT_FAILED", `${withoutUser(remote)} at ${ref} cannot be fetched: ${why}`, { cause });
}
function hide(text3, remote) {
  const [, user = ""] = /^[a-z]+:\/\/([^/\s]*)@/i.exec(remote) ?? [];
  const secrets = [user, ...user.split(":")].filter((part) => part.length > 2);
  return secrets.reduce((rest2, secret2) => rest2.replaceAll(secret2, "***"), text3);
}

// packages/client/src/backends/broker/share-context.ts
async function shareContext({ context: source, dockerfile }, mailbox, id, env, signal) {
  if (source.kind === "directory") {
    const context = (0, import_node_path27.resolve)(source.path);
    const close2 = () => Promise.resolve();
    const path8 = dockerfile === void 0 ? void 0 : (0, import_node_path27.resolve)(context, dockerfile);
    return { context, dockerfile: path8, warnings: [], close: close2 };
  }
  const around = placeOf2(mailbox, id);
  await (0, import_promises18.mkdir)(around, { mode: 448 });
  const close = async () => dropShared(mailbox, id);
  try {
    await (0, import_promises18.chmod)(around, 493);
    const root = (0, import_node_path27.join)(around, "context");
    await (0, import_promises18.mkdir)(root);
    if (source.kind === "archive") {
      await unpack(source.content, root, signal);
      return { context: root, dockerfile: inside(root, dockerfile), warnings: [], close };
    }
    const git = parseGitUrl(source.url);
    const warnings = await checkOut(git, root, env, signal);
    const context = (0, import_node_path27.join)(root, git.directory);
    return { context, dockerfile: inside(context, dockerfile), warnings, close };
  } catch (error2) {
    await close();
    throw error2;
  }
}
async function dropShared(mailbox, id) {
  await (0, import_promises18.rm)(placeOf2(mailbox, id), { recursive: true, force: true, maxRetries: 3 }).catch(() => void 0);
}
function placeOf2(mailbox, id) {
  return (0, import_node_path27.join)((0, import_node_path27.dirname)(mailbox), `kbuild-context-${id}`);
}
function inside(root, path8) {
  return path8 === void 0 ? void 0 : (0, import_node_path27.join)(root, (0, import_node_path27.join)("/", path8));
}

// packages/client/src/backends/broker/broker.ts
var BUILD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
var LOOK_MS = 250;
var TAKEN_MS = 6e4;
var SILENCE_MS2 = 6e5;
var CANCEL_MS = 1e4;
var BrokerBackend = class {
  name = "broker";
  #settings;
  constructor(settings) {
    this.#settings = settings;
  }
  async missing() {
    const directory = this.#directory;
    if (directory === void 0) return `the variable ${MAILBOX_VARIABLE} is not set`;
    const versions = (await Mailbox.announcement(directory))?.versions;
    if (versions === void 0) return `there is no mailbox of a hook at ${directory} (${MAILBOX_VARIABLE})`;
    if (versions.includes(PROTOCOL_VERSION)) return void 0;
    return `the hook speaks version ${versions.join(", ")} of the protocol, and this program version ${PROTOCOL_VERSION}`;
  }
  async build(build2, listener, signal) {
    const directory = this.#directory;
    if (directory === void 0) {
      throw failure("POD_FAILED", `the variable ${MAILBOX_VARIABLE} is not set`, "configuration");
    }
    refuseWhatIsTheHooks(build2);
    const id = (0, import_node_crypto10.randomUUID)();
    const mailbox = new Mailbox(directory, id);
    listener.started?.(id);
    const shared = await shareContext(build2, directory, id, this.#settings.env, signal);
    for (const warning2 of shared.warnings) listener.line(`Warning: ${warning2}`);
    if (build2.cache !== void 0) {
      const { repository } = build2.cache;
      listener.line(`Note: the hook keeps layers where its administrator says, and not in ${repository}.`);
    }
    try {
      const { context, dockerfile } = shared;
      const lends = (await Mailbox.announcement(directory))?.capabilities.includes(BASE_CREDENTIALS) === true;
      const pushes = await pushCredentialsOf(build2, this.#settings, listener, signal);
      const bases = lends ? await baseCredentialsOf(build2, shared, this.#settings, listener, signal) : [];
      const request4 = {
        ...requestOf(build2),
        context,
        ...dockerfile === void 0 ? {} : { dockerfile },
        credentials: brokerCredentials(pushes),
        ...bases.length === 0 ? {} : { baseCredentials: brokerCredentials(bases) }
      };
      signal.throwIfAborted();
      await mailbox.send(JSON.stringify(request4));
      const outcome = outcomeOf(await followed(mailbox, listener, signal), id);
      if (outcome.imageId !== void 0) return outcome;
      return { ...outcome, ...await askFacts(pushes, outcome.digest, signal) };
    } catch (error2) {
      if (!signal.aborted || error2 instanceof BuildError) throw error2;
      throw new BuildError("ABORTED", "the build was aborted", { cause: error2 });
    } finally {
      await Promise.all([mailbox.close(), shared.close()]);
    }
  }
  /** What the hook has taken it ends with the step that asked; what it has not taken would be built for nobody by the next. */
  async cancel(buildId) {
    if (!BUILD_ID.test(buildId)) throw failure("REQUEST_REFUSED", "what was left is no id of a request");
    const directory = this.#directory;
    if (directory === void 0) return;
    const mailbox = new Mailbox(directory, buildId);
    await mailbox.close();
    await mailbox.cancel();
    await dropShared(directory, buildId);
  }
  get #directory() {
    const directory = this.#settings.env[MAILBOX_VARIABLE];
    return directory === "" ? void 0 : directory;
  }
};
function requestOf(build2) {
  const { tags, push, buildArgs, labels, annotations, target, platform: platform2, cache, secrets, timeoutMs } = build2;
  return {
    version: PROTOCOL_VERSION,
    ...{ tags: [...tags], push, buildArgs, labels, annotations, timeoutMs },
    ...target === void 0 ? {} : { target },
    ...platform2 === void 0 ? {} : { platform: platform2 },
    // Where layers are kept is the administrator's to say.
    noCache: cache === void 0,
    secrets: secrets.map(({ id, value }) => ({ id, value: value.toString("base64") }))
  };
}
function refuseWhatIsTheHooks({ files, engineArgs, registryMirrors, insecureRegistries }) {
  const asked = [
    ["files of an image: push the image, and fetch it with `crane pull`", files.length > 0],
    ["arguments of the engine", engineArgs.length > 0],
    ["mirrors of registries: an administrator sets build.registryMirrors", registryMirrors.length > 0],
    ["registries without TLS: an administrator allows them by broker.pushTo", insecureRegistries.length > 0]
  ];
  const problems = asked.flatMap(([what, isAsked2]) => isAsked2 ? [what] : []);
  if (problems.length === 0) return;
  throw failure(
    "REQUEST_REFUSED",
    `the hook of the runner does not take ${problems.join("; nor ")}; or build with another backend`
  );
}
async function followed(mailbox, listener, signal) {
  const start = Date.now();
  let isTaken = false;
  let hasSpoken = false;
  let cancelledAt;
  for (; ; ) {
    const { entries, answer: answer2 } = await mailbox.look();
    for (const entry2 of entries) {
      if ("line" in entry2) listener.line(entry2.line);
      else listener.phase(entry2.phase);
    }
    if (answer2 !== void 0) return answer2;
    isTaken ||= await mailbox.isTaken();
    hasSpoken ||= entries.length > 0;
    if (!hasSpoken && Date.now() - start > SILENCE_MS2) {
      throw failure("POD_FAILED", `the hook took the request, and said nothing within ${SILENCE_MS2 / 6e4} minutes`);
    }
    if (!isTaken && Date.now() - start > TAKEN_MS) {
      throw failure(
        "POD_FAILED",
        `the hook did not take the request within ${TAKEN_MS / 1e3} s; the log of the runner's pod may say why`
      );
    }
    if (signal.aborted && cancelledAt === void 0) {
      cancelledAt = Date.now();
      await mailbox.cancel();
    }
    if (cancelledAt !== void 0 && Date.now() - cancelledAt > CANCEL_MS) {
      throw failure("ABORTED", "the build was aborted, and the hook has not confirmed that");
    }
    await (0, import_promises19.setTimeout)(LOOK_MS);
  }
}
function outcomeOf(answer2, id) {
  if (answer2.outcome === "failed") {
    const { code: code3, fault, problems, pushed: pushed2, at: at2 } = answer2;
    const cause = pushed2.length === 0 ? {} : { cause: new PartlyPushed(pushed2) };
    throw new BuildError(codeOf3(code3), problems.join("; "), { fault, at: at2, ...cause });
  }
  const { digest: digest2, imageId, size, pushed, durationsMs } = answer2;
  return { digest: digest2, imageId, size, pushed, buildId: id, backend: "broker", durationsMs: defined(durationsMs) };
}
var CODES = {
  ...Object.fromEntries(
    [
      ...["DOCKERFILE_MISSING", "DOCKERFILE_UNSUPPORTED", "DOCKERFILE_FAILED", "CONTEXT_FAILED", "BASE_IMAGE"],
      ...["REGISTRY_UNREACHABLE", "PUSH_FAILED", "POD_FAILED", "TIMEOUT", "ABORTED", "REQUEST_REFUSED"]
    ].map((code3) => [code3, code3])
  ),
  CANCELLED: "ABORTED"
};
function codeOf3(code3) {
  return CODES[code3] ?? "POD_FAILED";
}
function defined(durations2) {
  return Object.fromEntries(Object.entries(durations2).filter(([, ms2]) => ms2 !== void 0));
}
function failure(code3, message, fault) {
  return new BuildError(code3, message, fault === void 0 ? {} : { fault });
}

// packages/client/src/backends/docker/docker.ts
var import_node_crypto13 = require("node:crypto");

// packages/builder/src/engines/kaniko/elsewhere.ts
function forkOf(printed) {
  const [, major, minor] = /(?<!\d)(\d{1,4})\.(\d{1,4})\.\d/.exec(printed) ?? [];
  if (major === void 0 || minor === void 0) return void 0;
  if (Number(major) > 1 || Number(minor) > 25) return "osscontainertools";
  return Number(minor) === 25 ? "chainguard" : "google";
}
function prepareElsewhere(context, build2, { fork, platform: platform2 }) {
  const { labels, target } = build2;
  const prepared = prepare(
    asWished(context, { labels, ...target === void 0 ? {} : { target } }),
    fork,
    platform2,
    build2.buildArgs
  );
  const problems = [
    ...build2.secrets.length > 0 && fork !== "osscontainertools" ? ["build secrets need an executor of the osscontainertools fork (v1.26 or later), and the one there has none"] : [],
    ...Object.keys(build2.annotations).length > 0 && fork === "google" ? ["annotations need a maintained executor (v1.25 or later); the one there is Google\u2019s, which has none"] : [],
    ...prepared.findings.map(
      ({ line, instruction, problem, advice: advice2 }) => `${context.dockerfile} line ${line}, ${instruction}: ${problem}. ${advice2}`
    )
  ];
  const [first] = prepared.findings;
  const at2 = first === void 0 ? void 0 : { file: context.dockerfile, ...lineAndText(first) };
  if (problems.length > 0) throw new BuildError("DOCKERFILE_UNSUPPORTED", problems.join("\n"), { at: at2 });
  return prepared;
}
function lineAndText({ line, instruction }) {
  return { line, instruction };
}
var ElsewhereLog = class {
  #log;
  #build;
  /** @param pushRef the first destination, for the words of an error; may be empty */
  constructor(context, build2) {
    const { dockerfile, dockerfileText, authorText = dockerfileText } = context;
    this.#log = new KanikoLog(build2.cache, authoredTexts(context));
    this.#build = { dockerfile, dockerfileText: authorText, buildArgs: build2.buildArgs, pushRef: build2.pushRef };
  }
  /** @param line without its end */
  read(line) {
    const { lines, event } = this.#log.read(line);
    if (event === void 0 || event.kind === "pushed" || event.kind === "left") return { lines };
    const phase = { fetching: "bases", stage: "build", instruction: "build", pushing: "push" }[event.kind];
    return { lines, phase };
  }
  /**
   * What an executor's end means.
   *
   * @param end its exit code, 128 and more for a signal, and what it left in its digest file
   * @returns the digest
   * @throws BuildError with the failing instruction, or what the registry said
   */
  digestOf(end) {
    const { exitCode: exitCode2 } = end;
    const digest2 = end.digest.trim();
    if (exitCode2 > 128) {
      const why = exitCode2 === 137 ? "; its memory may have run out" : "";
      const message = `the executor was ended by signal ${exitCode2 - 128}${why}`;
      throw new BuildError("POD_FAILED", message, { exitCode: exitCode2 });
    }
    if (exitCode2 !== 0) throw explainFailure({ ...this.#build, progress: this.#log.progress, exitCode: exitCode2 });
    if (isDigest(digest2)) return digest2;
    throw new BuildError("POD_FAILED", `Kaniko ended well, but left no digest (it left ${JSON.stringify(digest2)})`);
  }
};

// packages/client/src/backend.ts
var PATIENCE_MS2 = 2500;

// packages/client/src/context/open.ts
var import_promises20 = require("node:fs/promises");
var import_node_os2 = require("node:os");
var import_node_path28 = require("node:path");
var DEFAULT_DOCKERFILE = "Dockerfile";
async function openContext({ context: source, dockerfile }, env, signal) {
  const options = signal === void 0 ? {} : { signal };
  if (source.kind === "directory") {
    const context = await readDirectory((0, import_node_path28.resolve)(source.path), dockerfile, options);
    return { context, close: () => Promise.resolve() };
  }
  const around = await (0, import_promises20.mkdtemp)((0, import_node_path28.join)((0, import_node_os2.tmpdir)(), "kbuild-context-"));
  const directory = (0, import_node_path28.join)(around, "context");
  const close = async () => (0, import_promises20.rm)(around, { recursive: true, force: true, maxRetries: 3 }).catch(() => void 0);
  try {
    await (0, import_promises20.mkdir)(directory);
    const inside2 = (0, import_node_path28.join)("/", dockerfile ?? DEFAULT_DOCKERFILE).slice(1);
    if (source.kind === "archive") {
      await unpack(source.content, directory, signal);
      return { context: await readContext(directory, inside2, options), close };
    }
    const git = parseGitUrl(source.url);
    const left = await checkOut(git, directory, env, signal);
    const context = await readContext((0, import_node_path28.join)(directory, git.directory), inside2, { ...options, within: [directory] });
    return { context: { ...context, warnings: [...context.warnings, ...left] }, close };
  } catch (error2) {
    await close();
    throw asOpened(error2, directory);
  }
}
async function readDirectory(directory, dockerfile, options) {
  if (dockerfile === void 0) return readContext(directory, DEFAULT_DOCKERFILE, options);
  const path8 = (0, import_node_path28.relative)(directory, (0, import_node_path28.resolve)(directory, dockerfile));
  if (path8 !== "" && !path8.startsWith("..")) return readContext(directory, path8, options);
  const outside = (0, import_node_path28.resolve)(directory, dockerfile);
  return readContext(directory, (0, import_node_path28.basename)(outside), { ...options, dockerfileDirectory: (0, import_node_path28.dirname)(outside) });
}
function asOpened(error2, directory) {
  if (!(error2 instanceof BuildError) || !error2.message.includes(directory)) return error2;
  return error2.inWords((text3) => text3.replaceAll(`${directory}/`, "").replaceAll(directory, "the build context"));
}

// packages/client/src/image-archive/write-file.ts
var import_node_crypto11 = require("node:crypto");
var import_node_fs15 = require("node:fs");
var import_promises21 = require("node:fs/promises");
var import_node_path29 = require("node:path");
var import_promises22 = require("node:stream/promises");
async function writeWhole(path8, content, signal) {
  const beside = `${path8}.${(0, import_node_crypto11.randomUUID)()}`;
  try {
    await (0, import_promises21.mkdir)((0, import_node_path29.dirname)(path8), { recursive: true });
    await (0, import_promises22.pipeline)(content, (0, import_node_fs15.createWriteStream)(beside, { flags: "wx" }), { signal });
    await (0, import_promises21.rename)(beside, path8);
  } finally {
    await (0, import_promises21.rm)(beside, { force: true });
  }
}

// packages/client/src/redact.ts
var SHORTEST = 4;
function redactor2(secrets) {
  const hidden = [...new Set(secrets.flatMap((secret2) => [secret2, ...secret2.split("\n")]).map((text3) => text3.trim()))].filter((text3) => text3.length >= SHORTEST).sort((a, b2) => b2.length - a.length);
  return (line) => hidden.reduce((rest2, secret2) => rest2.replaceAll(secret2, "***"), line);
}

// packages/client/src/backends/build-log.ts
function followBuild(build2, context, redact2, durations2, listener) {
  const { buildArgs, tags, cache } = build2;
  const log = new ElsewhereLog(context, { buildArgs, pushRef: tags[0] ?? "", cache: cache?.repository });
  return {
    onLine: (line) => {
      const { lines, phase } = log.read(redact2(line));
      if (phase !== void 0) durations2.begin(phase, listener);
      lines.forEach((shown3) => listener.line(shown3));
    },
    digestOf: (end) => log.digestOf(end)
  };
}

// packages/client/src/backends/durations.ts
var Durations = class {
  #spent = /* @__PURE__ */ new Map();
  #current;
  begin(phase, listener) {
    if (this.#current?.phase === phase) return;
    this.#close();
    this.#current = { phase, since: performance.now() };
    listener.phase(phase);
  }
  /** @returns milliseconds by phase */
  end() {
    this.#close();
    return Object.fromEntries(this.#spent);
  }
  #close() {
    if (this.#current === void 0) return;
    const { phase, since } = this.#current;
    this.#spent.set(phase, (this.#spent.get(phase) ?? 0) + Math.round(performance.now() - since));
    this.#current = void 0;
  }
};

// packages/client/src/backends/elsewhere.ts
var import_node_crypto12 = require("node:crypto");
function placesBelow(home) {
  return {
    executor: `${home}/executor`,
    work: `${home}/.kbuild`,
    layout: `${home}/.kbuild/image`,
    tar: `${home}/.kbuild/image.tar`,
    tree: `${home}/context/tree`
  };
}
function leftoversOf({ files }) {
  return { layout: files.length > 0, tar: files.some(({ kind }) => kind === "docker") };
}
function factsOf(manifest, digest2) {
  if (manifest === void 0) return {};
  const found = `sha256:${(0, import_node_crypto12.createHash)("sha256").update(manifest).digest("hex")}`;
  return found === digest2 ? imageFacts({ content: manifest }) : {};
}
var CLEAN = ["--cleanup", "--ignore-path=/busybox"];
function executorCommand(request4, home = "/kaniko", leaves = leftoversOf(request4)) {
  const { executor, work, layout, tar, tree } = placesBelow(home);
  const { target: _target, ...rest2 } = request4;
  const tags = request4.tags.length === 0 && leaves.tar ? ["image:latest"] : request4.tags;
  const args = executorArguments(
    { ...rest2, tags },
    {
      context: `dir://${tree}/context`,
      dockerfile: `${tree}/Dockerfile`,
      digestFile: `${work}/digest`,
      push: request4.push,
      secrets: `${work}/secrets`,
      ...leaves.layout ? { ociLayout: layout } : {},
      ...leaves.tar ? { dockerTar: tar } : {}
    }
  );
  return [executor, ...args, ...CLEAN];
}
function redactorOf(request4, config) {
  const passwords = config === void 0 ? [] : parseDockerConfig(config).secrets;
  const secrets = [...request4.secrets.map(({ value }) => value.toString("utf8")), ...passwords];
  return redactor2(secrets.flatMap((secret2) => [secret2, ...secret2.split("\n")].flatMap(formsOf)));
}
function formsOf(text3) {
  const json2 = JSON.stringify(text3).slice(1, -1);
  const go2 = json2.replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [text3, json2, go2];
}

// packages/builder/src/engines/default-images.ts
var DEFAULT_KANIKO_IMAGE = "ghcr.io/osscontainertools/kaniko:v1.28.3";
var DEFAULT_PUSH_IMAGE = "gcr.io/go-containerregistry/crane/debug:v0.22.1";

// packages/client/src/backends/kubernetes/images.ts
function imagesFrom(env) {
  const given = (name2) => env[name2] === "" ? void 0 : env[name2];
  const wanted = given("KBUILD_KANIKO_FORK") ?? "osscontainertools";
  const fork = KANIKO_FORKS.find((known) => known === wanted);
  if (fork === void 0) {
    throw new BuildError("REQUEST_REFUSED", `KBUILD_KANIKO_FORK is ${wanted}; it is one of ${KANIKO_FORKS.join(", ")}`);
  }
  return {
    kaniko: { image: given("KBUILD_KANIKO_IMAGE") ?? DEFAULT_KANIKO_IMAGE, fork },
    pushImage: given("KBUILD_PUSH_IMAGE") ?? DEFAULT_PUSH_IMAGE
  };
}

// packages/client/src/backends/kubernetes/targets.ts
function placesOf(references) {
  const places = /* @__PURE__ */ new Map();
  for (const text3 of references) {
    const { domain, repository, tag = "latest" } = parseReference(text3);
    const name2 = `${domain}/${repository}`;
    const place2 = places.get(name2) ?? { reference: { domain, repository, tag }, written: /* @__PURE__ */ new Map() };
    places.set(name2, place2);
    if (!place2.written.has(tag)) place2.written.set(tag, text3);
  }
  return [...places.values()];
}
function targetOf({ reference, written }, credential2, insecureRegistries) {
  const { domain, repository } = reference;
  const [first = "latest", ...tags] = written.keys();
  return {
    pushRef: `${domain}/${repository}:${first}`,
    insecureRegistries: insecureRegistries.includes(domain) ? [domain] : [],
    ...tags.length === 0 ? {} : { tags },
    ...credential2 === void 0 ? {} : { access: { kind: "docker-config", secret: credential2 } }
  };
}
function configOf(place2, credentials) {
  return credentials.configFor([place2.reference]);
}

// packages/client/src/backends/docker/access.ts
async function planAccess(request4, context, { env, credentials: wishes }, network, signal) {
  const places = placesOf(request4.push ? request4.tags : []);
  const bases = baseRepositories(context, request4.buildArgs);
  const mirrors = request4.registryMirrors.map((mirror) => ({ domain: mirror.split("/", 1)[0] ?? "", repository: "" }));
  const cache = request4.cache === void 0 ? [] : [parseReference(request4.cache.repository)];
  const always = [...mirrors, ...cache];
  const wanted = [...places.map(({ reference }) => reference), ...bases, ...always];
  if (network !== "host") wanted.forEach(({ domain }) => refuseLoopback(domain));
  const credentials = await findCredentials(wanted, credentialSources(env, wishes), env, signal);
  const closed = await Promise.all(
    bases.map(async (base) => {
      if (credentials.for(base) === void 0) return [];
      const plainHttp = request4.insecureRegistries.includes(base.domain);
      return await isPublic(base, { plainHttp }, signal) ? [] : [base];
    })
  );
  return { places, credentials, builderConfig: credentials.configFor([...closed.flat(), ...always]) };
}
function refuseLoopback(domain) {
  if (!/^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(domain)) return;
  const why = "in the container that builds, that is the container itself";
  const advice2 = `name the registry by an address that containers reach, or set KBUILD_DOCKER_NETWORK=host`;
  throw new BuildError("REQUEST_REFUSED", `the registry ${domain} is not reached: ${why}; ${advice2}`);
}

// packages/client/src/backends/docker/address.ts
var import_node_fs16 = require("node:fs");
var import_node_os3 = require("node:os");
var import_node_path30 = require("node:path");
var AddressError = class extends Error {
  name = "AddressError";
};
var DEFAULT_SOCKET = "/var/run/docker.sock";
var PORTS = { plain: 2375, tls: 2376 };
function daemonAddress(env) {
  const text3 = env["DOCKER_HOST"] ?? "";
  if (text3 === "") {
    if ((0, import_node_fs16.statSync)(DEFAULT_SOCKET, { throwIfNoEntry: false })?.isSocket() === true) {
      return { kind: "unix", path: DEFAULT_SOCKET };
    }
    const named3 = env["DOCKER_CONTEXT"] ?? "";
    const context = named3 === "" ? "" : ", and DOCKER_CONTEXT is not read";
    throw new AddressError(`DOCKER_HOST is not set and there is no ${DEFAULT_SOCKET}${context}`);
  }
  if (text3.startsWith("unix://")) {
    const path8 = text3.slice("unix://".length);
    if (path8.startsWith("/")) return { kind: "unix", path: path8 };
    throw new AddressError(`DOCKER_HOST is ${JSON.stringify(text3)}, and the path behind unix:// is not absolute`);
  }
  const url = URL.canParse(text3) ? new URL(text3) : void 0;
  if (url?.protocol === "tcp:" && url.hostname !== "") return tcpAddress(url, env);
  if (url?.protocol === "ssh:" && url.hostname !== "") return sshAddress(url);
  throw new AddressError("DOCKER_HOST is no address of a daemon: unix:///path, tcp://host:port or ssh://user@host");
}
function spelledAddress(address) {
  if (address.kind === "unix") return address.path;
  return address.kind === "tcp" ? `${address.host}:${address.port}` : `ssh ${address.destination}`;
}
function tcpAddress({ hostname, port }, env) {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if ((env["DOCKER_TLS_VERIFY"] ?? "") !== "") {
    return { kind: "tcp", host, port: port === "" ? PORTS.tls : Number(port), tls: readTls(env) };
  }
  if ((env["DOCKER_TLS"] ?? "") !== "" || (env["DOCKER_CERT_PATH"] ?? "") !== "") {
    throw new AddressError("TLS without a check of the daemon is not spoken; set DOCKER_TLS_VERIFY=1");
  }
  return { kind: "tcp", host, port: port === "" ? PORTS.plain : Number(port) };
}
function readTls({ DOCKER_CERT_PATH = "", HOME = (0, import_node_os3.homedir)() }) {
  const directory = DOCKER_CERT_PATH === "" ? (0, import_node_path30.join)(HOME, ".docker") : DOCKER_CERT_PATH;
  const read4 = (name2) => {
    try {
      return (0, import_node_fs16.readFileSync)((0, import_node_path30.join)(directory, name2), "utf8");
    } catch (error2) {
      const why = error2.code ?? "unknown";
      throw new AddressError(`DOCKER_TLS_VERIFY is set and ${(0, import_node_path30.join)(directory, name2)} cannot be read: ${why}`);
    }
  };
  return { ca: read4("ca.pem"), cert: read4("cert.pem"), key: read4("key.pem") };
}
function sshAddress({ hostname, username, password, port, pathname }) {
  if (password !== "") throw new AddressError("DOCKER_HOST has a password in it, which ssh does not take");
  const destination = username === "" ? hostname : `${decodeURIComponent(username)}@${hostname}`;
  if (destination.startsWith("-")) throw new AddressError("DOCKER_HOST names no host of ssh");
  return {
    kind: "ssh",
    destination,
    ...port === "" ? {} : { port },
    ...pathname === "" || pathname === "/" ? {} : { socket: pathname }
  };
}

// packages/client/src/backends/docker/container.ts
var import_node_events2 = require("node:events");
var import_node_stream7 = require("node:stream");

// packages/client/src/backends/lines.ts
var import_node_string_decoder2 = require("node:string_decoder");
var LONGEST_LINE3 = 8 * 1024 * 1024;
async function* readLines(stream) {
  const decoder = new import_node_string_decoder2.StringDecoder("utf8");
  let rest2 = [];
  let length = 0;
  for await (const chunk of stream) {
    const parts = decoder.write(chunk).split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      yield withoutReturn(rest2.join("") + part);
      rest2 = [];
      length = 0;
    }
    rest2.push(last);
    length += last.length;
    if (length > LONGEST_LINE3) {
      yield rest2.join("");
      rest2 = [];
      length = 0;
    }
  }
  const end = rest2.join("") + decoder.end();
  if (end !== "") yield withoutReturn(end);
  return void 0;
}
function withoutReturn(line) {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

// packages/client/src/backends/docker/engine-api.ts
var import_node_child_process3 = require("node:child_process");
var import_node_http2 = __toESM(require("node:http"), 1);
var import_node_https2 = __toESM(require("node:https"), 1);
var import_node_stream4 = require("node:stream");
var MAX_ERROR_BYTES2 = 64 * 1024;
var MAX_JSON_BYTES = 8 * 1024 * 1024;
var EngineApi = class {
  #address;
  #environment;
  /** @param environment of ssh, for an address that needs it */
  constructor(address, environment) {
    this.#address = address;
    this.#environment = environment;
  }
  /**
   * Sends a request.
   *
   * @returns the answer with its body to be read
   * @throws BuildError `POD_FAILED` with what the daemon said, or why it cannot be reached
   */
  async send(request4) {
    const { method, path: path8, accept = [] } = request4;
    const answer2 = await this.#exchange(request4).catch((cause) => {
      if (request4.signal?.aborted === true) throw request4.signal.reason;
      throw failed4(`cannot be reached: ${cause.message}`, "configuration", this.#address, cause);
    });
    const { statusCode: status = 0 } = answer2;
    if (status >= 200 && status < 300 || accept.includes(status)) return answer2;
    const said = messageOf((await readAll(answer2, MAX_ERROR_BYTES2)).toString("utf8"));
    const fault = status >= 500 ? "cluster" : "configuration";
    throw failed4(`answered ${method} ${path8} with ${status}: ${said}`, fault, this.#address);
  }
  /** Sends a request and reads its answer as JSON; undefined for a status that was accepted besides. */
  async json(request4) {
    const answer2 = await this.send(request4);
    const body = await readAll(answer2, MAX_JSON_BYTES);
    if ((answer2.statusCode ?? 0) >= 300) return void 0;
    try {
      return JSON.parse(body.toString("utf8"));
    } catch (cause) {
      throw failed4(`answered ${request4.path} with something else than JSON`, "cluster", this.#address, cause);
    }
  }
  #exchange({ method, path: path8, query = {}, headers = {}, body, signal }) {
    const search = new URLSearchParams(query).toString();
    const isStream = body !== void 0 && "pipe" in body;
    const text3 = body === void 0 || isStream ? void 0 : JSON.stringify(body);
    return new Promise((resolve10, reject) => {
      const outgoing = this.#open({
        method,
        path: search === "" ? path8 : `${path8}?${search}`,
        headers: {
          host: "docker",
          "user-agent": "kbuild",
          ...text3 === void 0 ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text3) },
          // Some calls take no body at all, and chunks of none are not that.
          ...body === void 0 && method !== "GET" && method !== "HEAD" ? { "content-length": 0 } : {},
          ...headers
        },
        ...signal === void 0 ? {} : { signal }
      });
      outgoing.on("error", reject);
      outgoing.on("response", resolve10);
      if (!isStream) {
        outgoing.end(text3);
        return;
      }
      body.on("error", (error2) => outgoing.destroy(error2));
      body.pipe(outgoing);
    });
  }
  #open(options) {
    const address = this.#address;
    if (address.kind === "unix") return import_node_http2.default.request({ ...options, agent: false, socketPath: address.path });
    if (address.kind === "tcp") {
      const { host, port, tls } = address;
      return tls === void 0 ? import_node_http2.default.request({ ...options, agent: false, host, port }) : import_node_https2.default.request({
        ...options,
        ...tls,
        agent: false,
        host,
        port,
        servername: /^[\d.:]+$/.test(host) ? "" : host
      });
    }
    return import_node_http2.default.request({ ...options, createConnection: () => this.#dial(address) });
  }
  /** A connection through ssh, as docker's own client makes it (docker/cli, `connhelper`). */
  #dial({ destination, port, socket }) {
    const words = [
      ...port === void 0 ? [] : ["-p", port],
      ...["-o", "ConnectTimeout=30", "-T", "--", destination, "docker"],
      ...socket === void 0 ? [] : ["--host", `unix://${socket}`],
      ...["system", "dial-stdio"]
    ];
    const child2 = (0, import_node_child_process3.spawn)("ssh", words, { stdio: ["pipe", "pipe", "pipe"], env: this.#environment });
    const connection = import_node_stream4.Duplex.from({ readable: child2.stdout, writable: child2.stdin });
    let said = "";
    child2.stderr.on("data", (chunk) => said = `${said}${chunk.toString()}`.slice(-500));
    child2.on("error", (error2) => connection.destroy(error2));
    child2.on("close", (code3) => {
      if (code3 !== 0) connection.destroy(new Error(`ssh ended with exit code ${code3 ?? "none"}: ${said.trim()}`));
    });
    connection.on("close", () => void child2.kill());
    return connection;
  }
};
async function readAll(body, maxBytes) {
  const chunks = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, maxBytes - length));
    length += chunk.length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(chunks);
}
var CONTROL2 = /[\u0000-\u001f\u007f-\u009f]+/g;
function withoutControls(text3) {
  return text3.replace(CONTROL2, " ").trim().slice(0, 2e3);
}
function messageOf(text3) {
  try {
    const { message } = Object(JSON.parse(text3));
    if (typeof message === "string") return withoutControls(message);
  } catch {
  }
  return withoutControls(text3);
}
function failed4(why, fault, address, cause) {
  const message = `the Docker daemon at ${spelledAddress(address)} ${why}`;
  return new BuildError("POD_FAILED", message, { fault, ...cause === void 0 ? {} : { cause } });
}

// packages/client/src/backends/docker/frames.ts
var import_node_stream5 = require("node:stream");
var HEAD2 = 8;
function unframed(stream) {
  return import_node_stream5.Readable.from(contents(stream), { objectMode: false });
}
async function* contents(stream) {
  let head = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of stream) {
    for (let rest2 = chunk; rest2.length > 0; ) {
      if (left === 0) {
        const taken2 = rest2.subarray(0, HEAD2 - head.length);
        head = Buffer.concat([head, taken2]);
        rest2 = rest2.subarray(taken2.length);
        if (head.length < HEAD2) break;
        left = head.readUInt32BE(4);
        head = Buffer.alloc(0);
        continue;
      }
      const content = rest2.subarray(0, left);
      left -= content.length;
      rest2 = rest2.subarray(content.length);
      yield content;
    }
  }
}

// packages/client/src/backends/docker/pack-files.ts
init_header();
var BLOCK2 = 512;
function packFiles(files) {
  const parts = files.flatMap(({ path: path8, mode, content }) => {
    const size = content?.length ?? 0;
    const type2 = content === void 0 ? "Directory" : "File";
    const header = new Header({ path: path8, mode, uid: 0, gid: 0, size, mtime: /* @__PURE__ */ new Date(0), type: type2 });
    const block2 = Buffer.alloc(BLOCK2);
    if (header.encode(block2)) throw new Error(`${path8} is too long a name`);
    return [block2, content ?? Buffer.alloc(0), Buffer.alloc(Math.ceil(size / BLOCK2) * BLOCK2 - size)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK2)]);
}

// packages/client/src/backends/docker/sole-file.ts
var import_node_stream6 = require("node:stream");
async function soleFile(archive, path8) {
  const content = new import_node_stream6.PassThrough();
  return new Promise((resolve10, reject) => {
    let isFound = false;
    const missing = (cause) => {
      const error2 = new BuildError("POD_FAILED", `the Docker daemon sent no file ${path8}`, { cause });
      if (isFound) content.destroy(error2);
      else reject(error2);
    };
    const parser = new rt({
      strict: true,
      onReadEntry: (entry2) => {
        if (isFound || entry2.type !== "File" && entry2.type !== "OldFile") {
          entry2.resume();
          return;
        }
        isFound = true;
        entry2.on("data", (chunk) => {
          if (content.write(chunk)) return;
          entry2.pause();
          content.once("drain", () => entry2.resume());
        });
        entry2.on("end", () => content.end());
        resolve10(content);
      }
    });
    parser.on("error", missing);
    parser.on("end", () => {
      if (!isFound) missing();
    });
    archive.on("error", missing);
    content.on("close", () => archive.destroy());
    archive.on("data", (chunk) => {
      if (parser.write(chunk)) return;
      archive.pause();
      parser.once("drain", () => archive.resume());
    });
    archive.on("end", () => parser.end());
  });
}

// packages/client/src/backends/docker/container.ts
var TAR = { "content-type": "application/x-tar" };
var CLEANUP_MS2 = 1e4;
var Container = class _Container {
  #api;
  #id;
  #signal;
  constructor(api, id, signal) {
    this.#api = api;
    this.#id = id;
    this.#signal = signal;
  }
  /** @param spec the body of "Create a container" */
  static async create(api, name2, spec, signal) {
    const request4 = { method: "POST", path: "/containers/create", query: { name: name2 }, body: spec };
    try {
      const made = await api.json({ ...request4, signal });
      return new _Container(api, made?.Id ?? name2, signal);
    } catch (error2) {
      if (signal.aborted) await removeContainer(api, name2);
      throw error2;
    }
  }
  /** Names the container where another one takes its volumes. */
  get id() {
    return this.#id;
  }
  /** Writes files before it starts; directories are those of the image, or stand before what is in them. */
  async put(files) {
    const packed = packFiles(files);
    const body = new import_node_stream7.PassThrough();
    body.end(packed);
    await this.#unpack("/", body);
  }
  /** Unpacks a context into a directory that is there. */
  async putContext(directory, archive) {
    const body = new import_node_stream7.PassThrough();
    const sent = archive.send(async (chunk) => {
      if (!body.write(chunk)) await (0, import_node_events2.once)(body, "drain", { signal: this.#signal });
    });
    const ended = sent.then(
      () => body.end(),
      (error2) => body.destroy(error2)
    );
    const [, unpacked] = await Promise.all([ended, this.#unpack(directory, body).then(() => void 0, asError)]);
    await sent;
    if (unpacked !== void 0) throw unpacked;
  }
  /**
   * Starts it and waits for its end.
   *
   * @param onLine is told each line that it prints
   * @throws BuildError `POD_FAILED` when it cannot be started
   */
  async run(onLine) {
    const query = { stream: "1", stdout: "1", stderr: "1" };
    const attached = await this.#api.send({ ...this.#at("POST", "/attach"), query });
    const reading2 = readInto(unframed(attached), onLine);
    reading2.catch(() => void 0);
    await this.#api.send(this.#at("POST", "/start")).then(drain);
    await reading2.catch((error2) => {
      this.#signal.throwIfAborted();
      onLine(`The daemon's stream of the log was cut (${error2.message}); lines may be missing.`);
    });
    await this.#api.json(this.#at("POST", "/wait"));
    const inspected = await this.#api.json(this.#at("GET", "/json"));
    if (inspected === void 0 || inspected.State.Running) {
      throw new BuildError("POD_FAILED", "the Docker daemon does not tell how the container of the build ended");
    }
    return { exitCode: inspected.State.ExitCode, isOutOfMemory: inspected.State.OOMKilled === true };
  }
  /** Reads one small file; undefined when there is none. */
  async read(path8, maxBytes) {
    const answer2 = await this.#archive(path8, [404]);
    if (answer2.statusCode === 404) {
      drain(answer2);
      return void 0;
    }
    return readAll(await soleFile(answer2, path8), maxBytes);
  }
  /** Opens a file, however large. */
  async open(path8) {
    return soleFile(await this.#archive(path8), path8);
  }
  /** Opens a directory, as a tar of what is in it. */
  async openDirectory(path8) {
    return this.#archive(`${path8}/.`);
  }
  /** Ends and removes it, with the volumes that are its own. Never throws: it must not hide how the build went. */
  async remove() {
    await removeContainer(this.#api, this.#id);
  }
  async #unpack(path8, body) {
    await this.#api.send({ ...this.#at("PUT", "/archive"), query: { path: path8 }, headers: TAR, body }).then(drain);
  }
  #archive(path8, accept = []) {
    return this.#api.send({ ...this.#at("GET", "/archive"), query: { path: path8 }, accept });
  }
  #at(method, rest2) {
    return { method, path: `/containers/${this.#id}${rest2}`, signal: this.#signal };
  }
};
async function removeContainer(api, id) {
  const query = { force: "1", v: "1" };
  const signal = AbortSignal.timeout(CLEANUP_MS2);
  await api.send({ method: "DELETE", path: `/containers/${id}`, query, accept: [404, 409], signal }).then(drain).catch(() => void 0);
}
async function readInto(stream, onLine) {
  for await (const line of readLines(stream)) onLine(line);
}
function drain(answer2) {
  answer2.resume();
}
function asError(error2) {
  return error2;
}

// packages/client/src/backends/docker/daemon-images.ts
var DOCKER_HUB4 = "https://index.docker.io/v1/";
async function provideImage(api, image, credential2, onLine, signal) {
  const found = { method: "GET", path: `/images/${image}/json`, accept: [404], signal };
  if (await api.json(found) !== void 0) return;
  onLine(`Pulling ${image}`);
  const { domain, repository, tag = "latest", digest: digest2 } = parseReference(image);
  const query = { fromImage: `${domain}/${repository}`, tag: digest2 ?? tag };
  const headers = authHeader(domain, credential2);
  const answer2 = await api.send({ method: "POST", path: "/images/create", query, headers, signal });
  await followProgress(answer2, (why) => {
    return new BuildError("POD_FAILED", `the Docker daemon cannot pull ${image}: ${why}`, { fault: "configuration" });
  });
}
async function loadImage(api, archive, signal) {
  const headers = { "content-type": "application/x-tar" };
  const request4 = { method: "POST", path: "/images/load", query: { quiet: "1" }, headers, body: archive };
  const answer2 = await api.send({ ...request4, signal });
  await followProgress(answer2, (why) => new BuildError("POD_FAILED", `the Docker daemon did not take the image: ${why}`));
}
async function followProgress(answer2, failed5, onProgress = () => void 0) {
  let last = "";
  let problem;
  for await (const line of readLines(answer2)) {
    if (line.trim() === "") continue;
    const progress = readProgress(line);
    if (typeof progress.error === "string") problem ??= withoutControls(progress.error);
    if (typeof progress.status === "string") last = progress.status;
    onProgress(progress);
  }
  if (problem !== void 0) throw failed5(withDaemonsAdvice(problem));
  return last;
}
function withDaemonsAdvice(problem) {
  return isPlainAnswer(problem) ? `${problem}; the registry answers in plain HTTP, without TLS: name it in insecure-registries of the daemon's daemon.json` : problem;
}
function readProgress(line) {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
function authHeader(domain, credential2) {
  if (credential2 === void 0) return {};
  const serveraddress = domain === "docker.io" ? DOCKER_HUB4 : domain;
  const fields2 = "registryToken" in credential2 ? { registrytoken: credential2.registryToken } : "identityToken" in credential2 ? { identitytoken: credential2.identityToken } : credential2;
  return { "x-registry-auth": encoded({ ...fields2, serveraddress }) };
}
function encoded(value) {
  const text3 = Buffer.from(JSON.stringify(value)).toString("base64url");
  return text3.padEnd(Math.ceil(text3.length / 4) * 4, "=");
}

// packages/client/src/backends/docker/specs.ts
var BUILD_LABEL2 = "kaniko-hooks.build";
var PLACES = {
  digest: "/kaniko/.kbuild/digest",
  secrets: "/kaniko/.kbuild/secrets",
  tar: `${TAR_MOUNT}/image.tar`,
  layout: LAYOUT_MOUNT,
  context: CONTEXT_TREE,
  /** What a push container says that it pushed. */
  pushed: "/kaniko/pushed"
};
var DOCKER_CONFIG2 = "/kaniko/.kbuild/docker";
function builderSpec(build2, { layout, tar }, around) {
  const { target: _target, ...rest2 } = build2;
  const tags = build2.tags.length === 0 && tar ? ["image:latest"] : build2.tags;
  const args = executorArguments(
    { ...rest2, tags },
    {
      context: `dir://${CONTEXT_TREE}/context`,
      dockerfile: `${CONTEXT_TREE}/Dockerfile`,
      digestFile: PLACES.digest,
      push: false,
      secrets: PLACES.secrets,
      ...layout ? { ociLayout: LAYOUT_MOUNT } : {},
      ...tar ? { dockerTar: PLACES.tar } : {}
    }
  );
  return {
    ...common2(around),
    Cmd: args,
    Env: pairs4({ ...executorEnvironment(), DOCKER_CONFIG: DOCKER_CONFIG2 }),
    Volumes: { ...layout ? { [LAYOUT_MOUNT]: {} } : {}, ...tar ? { [TAR_MOUNT]: {} } : {} },
    HostConfig: hostConfig(around, CAPABILITIES)
  };
}
function pusherSpec(place2, build2, builder, around) {
  const { domain, repository } = place2.reference;
  const [first = "latest", ...tags] = place2.written.keys();
  const variables = pushVariables(tags, build2.pushRetries).map(({ name: name2, value }) => [name2, value]);
  return {
    ...common2(around),
    Entrypoint: pushCommand(
      LAYOUT_MOUNT,
      `${domain}/${repository}:${first}`,
      build2.insecureRegistries.includes(domain)
    ),
    Cmd: [],
    Env: pairs4({ ...Object.fromEntries(variables), DOCKER_CONFIG: DOCKER_CONFIG2, TERMINATION_LOG: PLACES.pushed }),
    HostConfig: { ...hostConfig(around, []), VolumesFrom: [`${builder}:ro`] }
  };
}
function builderFiles(config, secrets) {
  const values = secrets.map(({ value }, index) => ({
    path: secretFile(PLACES.secrets, index).slice(1),
    mode: 384,
    content: value
  }));
  return [
    ...credentialFiles(config),
    { path: PLACES.secrets.slice(1), mode: 448 },
    ...values,
    { path: CONTEXT_TREE.replace(/\/[^/]*$/, "").slice(1), mode: 493 },
    { path: CONTEXT_TREE.slice(1), mode: 493 }
  ];
}
function credentialFiles(config) {
  return [
    { path: "kaniko", mode: 493 },
    { path: "kaniko/.kbuild", mode: 448 },
    { path: DOCKER_CONFIG2.slice(1), mode: 448 },
    { path: `${DOCKER_CONFIG2.slice(1)}/config.json`, mode: 384, content: Buffer.from(config ?? "{}") }
  ];
}
function common2({ id, image }) {
  return { Image: image, User: "0:0", Tty: false, OpenStdin: false, Labels: { [BUILD_LABEL2]: id } };
}
function hostConfig({ network }, capabilities) {
  return {
    CapDrop: ["ALL"],
    CapAdd: capabilities,
    SecurityOpt: ["no-new-privileges"],
    NetworkMode: network,
    // What a RUN prints is for whoever builds, and stays in no file of the daemon.
    LogConfig: { Type: "none" }
  };
}
function pairs4(values) {
  return Object.entries(values).map(([name2, value]) => `${name2}=${value}`);
}

// packages/client/src/backends/docker/push-layout.ts
var MAX_SAID_BYTES = 4096;
var KEPT_LINES2 = 50;
async function pushLayout(api, { builder, digest: digest2, build: build2, access: access2, around }, { line, redact: redact2 }, signal) {
  const outcomes = [];
  for (const [index, place2] of access2.places.entries()) {
    const references = [...place2.written.values()];
    references.forEach((reference) => line(`Pushing ${reference}`));
    const spec = pusherSpec(place2, build2, builder.id, around);
    const pusher2 = await Container.create(api, `${around.id}-push-${index + 1}`, spec, signal);
    const why = await pushOne(pusher2, place2, access2, digest2).finally(async () => pusher2.remove());
    if (why === void 0) references.forEach((reference) => line(`Pushed ${reference}`));
    const { domain, repository } = place2.reference;
    const [first = "latest", ...tags] = place2.written.keys();
    const said = why === void 0 ? void 0 : redact2(why);
    outcomes.push({ pushRef: `${domain}/${repository}:${first}`, tags, why: said });
  }
  throwUnlessPushed(outcomes);
}
async function pushOne(pusher2, place2, { credentials }, digest2) {
  await pusher2.put(credentialFiles(credentials.configFor([place2.reference])));
  const said = [];
  const { exitCode: exitCode2 } = await pusher2.run((line) => {
    said.push(line.slice(0, MAX_SAID_BYTES));
    if (said.length > KEPT_LINES2) said.shift();
  });
  if (exitCode2 !== 0) {
    return said.length === 0 ? `its container ended with exit code ${exitCode2}` : lastWords(said.join("\n"));
  }
  const pushed = (await pusher2.read(PLACES.pushed, MAX_SAID_BYTES))?.toString("utf8").trim() ?? "";
  return pushed.endsWith(`@${digest2}`) ? void 0 : `another image was pushed (${pushed}) than was built (${digest2})`;
}

// packages/client/src/backends/docker/docker.ts
var MAX_DIGEST_BYTES = 4096;
var MAX_MANIFEST_BYTES2 = 8 * 1024 * 1024;
var DockerBackend = class {
  name = "docker";
  #settings;
  constructor(settings) {
    this.#settings = settings;
  }
  async missing(patienceMs = PATIENCE_MS2) {
    const signal = AbortSignal.timeout(patienceMs);
    try {
      const { Os: os7 } = await versionOf(this.#open(), signal);
      return os7 === "linux" ? void 0 : `the Docker daemon runs containers of ${os7}, and Kaniko needs Linux`;
    } catch (error2) {
      if (signal.aborted) return `the Docker daemon did not answer within ${patienceMs / 1e3} s`;
      if (error2 instanceof AddressError || error2 instanceof BuildError) return error2.message;
      throw error2;
    }
  }
  async build(request4, listener, signal) {
    const limit = AbortSignal.timeout(request4.timeoutMs);
    const either = AbortSignal.any([signal, limit]);
    try {
      either.throwIfAborted();
      return await this.#run(request4, listener, either);
    } catch (error2) {
      if (signal.aborted) throw new BuildError("ABORTED", "the build was aborted", { cause: error2 });
      if (limit.aborted) {
        const message = `the build took longer than ${Math.round(request4.timeoutMs / 1e3)} s`;
        throw new BuildError("TIMEOUT", message, { cause: error2 });
      }
      if (error2 instanceof AddressError) throw new BuildError("NO_BACKEND", error2.message);
      if (error2 instanceof RegistryError) throw new BuildError("PUSH_FAILED", error2.message, { cause: error2 });
      throw error2;
    }
  }
  async cancel(buildId) {
    const filters = JSON.stringify({ label: [`${BUILD_LABEL2}=${buildId}`] });
    const api = this.#open();
    const query = { all: "1", filters };
    const found = await api.json({ method: "GET", path: "/containers/json", query });
    for (const { Id: id } of found ?? []) await removeContainer(api, id);
  }
  /** The bodies of "Create a container"; credentials are files in the containers. */
  describe(request4) {
    const around = this.#around("kbuild-0");
    const builder = builderSpec(request4, leftoversOf2(request4), around);
    const places = request4.push ? placesOf(request4.tags) : [];
    const { pushImage } = imagesFrom(this.#settings.env);
    const pushers = places.map((place2) => pusherSpec(place2, request4, around.id, { ...around, image: pushImage }));
    return Promise.resolve([builder, ...pushers]);
  }
  async #run(request4, listener, signal) {
    const { env } = this.#settings;
    const api = this.#open();
    const id = `kbuild-${(0, import_node_crypto13.randomUUID)().slice(0, 8)}`;
    const durations2 = new Durations();
    durations2.begin("context", listener);
    const platform2 = platformOf(await versionOf(api, signal), request4.platform);
    const open9 = await openContext(request4, env, signal);
    try {
      const traits = { fork: imagesFrom(env).kaniko.fork, platform: platform2 };
      const { context, buildArgs } = prepareElsewhere(open9.context, request4, traits);
      context.warnings.forEach((warning2) => listener.line(warning2));
      durations2.begin("bases", listener);
      const access2 = await planAccess(request4, context, this.#settings, this.#around(id).network, signal);
      access2.credentials.warnings.forEach((warning2) => listener.line(`Warning: ${warning2}`));
      const secrets = request4.secrets.map(({ value }) => value.toString("utf8"));
      const redact2 = redactor2([...access2.credentials.secrets, ...secrets]);
      const log = followBuild({ ...request4, buildArgs }, context, redact2, durations2, listener);
      await this.#provide(api, imagesFrom(env).kaniko.image, listener, signal);
      listener.started?.(id);
      const spec = builderSpec({ ...request4, buildArgs }, leftoversOf2(request4), this.#around(id));
      const builder = await Container.create(api, id, spec, signal);
      try {
        await builder.put(builderFiles(access2.builderConfig, request4.secrets));
        await builder.putContext(PLACES.context, await packContext(context));
        const end = await builder.run(log.onLine);
        if (end.isOutOfMemory) throw new BuildError("POD_FAILED", "the container of the build ran out of memory");
        const said = await builder.read(PLACES.digest, MAX_DIGEST_BYTES);
        const digest2 = log.digestOf({ exitCode: end.exitCode, digest: said?.toString("utf8") ?? "" });
        const manifest = `${PLACES.layout}/blobs/${digest2.replace(":", "/")}`;
        const hasLayout = leftoversOf2(request4).layout;
        const facts = hasLayout ? factsOf(await builder.read(manifest, MAX_MANIFEST_BYTES2), digest2) : {};
        await writeFiles(builder, request4, signal);
        if (request4.push) {
          durations2.begin("push", listener);
          const around = { ...this.#around(id), image: imagesFrom(env).pushImage };
          await this.#provide(api, around.image, listener, signal);
          await pushLayout(api, { builder, digest: digest2, build: request4, access: access2, around }, { ...listener, redact: redact2 }, signal);
        } else if (request4.tags.length > 0) {
          await loadImage(api, await builder.open(PLACES.tar), signal);
          request4.tags.forEach((tag) => listener.line(`The Docker daemon has the image as ${tag}`));
        }
        return {
          digest: digest2,
          imageId: facts.imageId,
          size: facts.size,
          pushed: request4.push ? request4.tags : [],
          buildId: id,
          backend: this.name,
          durationsMs: durations2.end()
        };
      } catch (error2) {
        throw error2 instanceof BuildError ? error2.inWords(redact2) : error2;
      } finally {
        await builder.remove();
      }
    } finally {
      await open9.close();
    }
  }
  async #provide(api, image, { line }, signal) {
    const { env, credentials } = this.#settings;
    const reference = parseReference(image);
    const found = await findCredentials([reference], credentialSources(env, credentials), env, signal);
    await provideImage(api, image, found.for(reference)?.credential, line, signal);
  }
  #around(id) {
    const { env } = this.#settings;
    const { KBUILD_DOCKER_NETWORK: network = "" } = env;
    return { id, image: imagesFrom(env).kaniko.image, network: network === "" ? "default" : network };
  }
  #open() {
    const { env } = this.#settings;
    return new EngineApi(daemonAddress(env), { ...env });
  }
};
async function versionOf(api, signal) {
  const { Os: Os2 = "linux", Arch = "" } = await api.json({ method: "GET", path: "/version", signal }) ?? {};
  return { Os: Os2, Arch };
}
function platformOf({ Os: os7, Arch: architecture }, wanted) {
  const own = `${os7}/${architecture}`;
  const [, variant2] = new RegExp(`^${own}/(v\\d+)$`).exec(wanted ?? "") ?? [];
  if (wanted !== void 0 && wanted !== own && variant2 === void 0) {
    const why = `the Docker daemon is ${own}, and Kaniko does not emulate; set DOCKER_HOST to a daemon of that platform`;
    throw new BuildError("REQUEST_REFUSED", `the platform ${wanted} is not built: ${why}`);
  }
  return { os: os7, architecture, ...variant2 === void 0 ? {} : { variant: variant2 } };
}
function leftoversOf2({ push, files, tags }) {
  const isLoaded = !push && tags.length > 0;
  return {
    layout: push || isLoaded || files.length > 0,
    tar: isLoaded || files.some(({ kind }) => kind === "docker")
  };
}
async function writeFiles(builder, { files }, signal) {
  for (const { kind, path: path8 } of files) {
    const content = kind === "docker" ? builder.open(PLACES.tar) : builder.openDirectory(PLACES.layout);
    await writeWhole(path8, await content, signal);
  }
}

// packages/client/src/backends/kubernetes/kubernetes.ts
var import_node_crypto14 = require("node:crypto");

// packages/client/src/backends/kubernetes/cluster.ts
var import_node_fs17 = require("node:fs");
var import_promises23 = require("node:fs/promises");
var import_node_os4 = require("node:os");
var import_node_path31 = require("node:path");
async function findCluster(settings) {
  const { kubeconfig, namespace } = settings;
  const found = await (kubeconfig === void 0 ? findAny(settings) : readKubeconfig(kubeconfig));
  return namespace === void 0 ? found : { ...found, config: { ...found.config, namespace } };
}
async function findAny({ env }) {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, KUBECONFIG = "", HOME = (0, import_node_os4.homedir)() } = env;
  if (host !== void 0 && host !== "") {
    return inClusterConfig({ host, port }).then(
      (config) => ({ config, origin: "the account of this pod", isOwn: true }),
      async (error2) => {
        const file2 = fileOf(KUBECONFIG, HOME);
        if (file2 === void 0) throw error2;
        return readKubeconfig(file2);
      }
    );
  }
  const file = fileOf(KUBECONFIG, HOME);
  if (file !== void 0) return readKubeconfig(file);
  const message = "this does not run in a pod with an account, and there is no kubeconfig (KUBECONFIG, ~/.kube/config)";
  throw new KubeError("NO_CREDENTIALS", message);
}
function fileOf(variable, home) {
  const named3 = variable.split(":").filter((path8) => path8 !== "");
  return [...named3, ...named3.length === 0 ? [(0, import_node_path31.join)(home, ".kube", "config")] : []].find((path8) => (0, import_node_fs17.existsSync)(path8));
}
async function readKubeconfig(pathOrContent) {
  if (!pathOrContent.includes("\n")) {
    const config = await kubeconfigFile(pathOrContent);
    return { config, origin: `the kubeconfig ${pathOrContent}`, isOwn: false };
  }
  const directory = await (0, import_promises23.mkdtemp)((0, import_node_path31.join)((0, import_node_os4.tmpdir)(), "kbuild-kubeconfig-"));
  try {
    const path8 = (0, import_node_path31.join)(directory, "config");
    await (0, import_promises23.writeFile)(path8, pathOrContent, { mode: 384 });
    const { token, ...config } = await kubeconfigFile(path8);
    const first = await token();
    return { config: { ...config, token: () => Promise.resolve(first) }, origin: "the kubeconfig", isOwn: false };
  } finally {
    await (0, import_promises23.rm)(directory, { recursive: true, force: true });
  }
}

// packages/client/src/backends/kubernetes/connector.ts
var NAME2 = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
function isConnectorName(text3) {
  const parts = text3.split("/");
  return parts.length <= 2 && parts.every((part) => NAME2.test(part));
}
var MARGIN_SECONDS = 300;
var SHORTEST_TOKEN_SECONDS = 600;
async function openConnector(kube, settings, timeoutMs, signal) {
  const connector2 = connectorName(settings.name, kube.namespace);
  const { configuration = "registry-config", attributes = "connector.name", serviceAccount } = settings;
  const object2 = await readConnector(kube, settings, signal);
  const push = addressOfConnector(connector2, object2);
  const { host: registry2 } = registryBehind(connector2, object2, void 0);
  const tokenSeconds = Math.max(Math.ceil(timeoutMs / 1e3) + MARGIN_SECONDS, SHORTEST_TOKEN_SECONDS);
  return {
    registry: registry2,
    targetOf: ({ reference, written }) => {
      const [first = "latest", ...tags] = written.keys();
      const { host, repository, plainHttp } = connectorRegistry(
        connector2,
        { push, pull: push },
        reference.repository
      ).push;
      return {
        pushRef: `${host}/${repository}:${first}`,
        insecureRegistries: plainHttp ? [host] : [],
        ...tags.length === 0 ? {} : { tags },
        access: {
          kind: "connector",
          volume: { ...connector2, attributes, tokenSeconds, serviceAccount },
          proxy: { reverse: configuration }
        }
      };
    }
  };
}
function rightOfConnector({ name: text3 }, namespace) {
  const { name: name2, ...place2 } = connectorName(text3, namespace);
  return { verb: "get", resource: "connectors", group: CONNECTORS_GROUP, name: name2, namespace: place2.namespace };
}
async function readConnector(kube, { name: name2 }, signal) {
  try {
    return await kube.getCustom(storedConnector(connectorName(name2, kube.namespace)), { signal });
  } catch (error2) {
    if (!isKubeError(error2, "NOT_FOUND", "FORBIDDEN")) throw error2;
    const why = error2.code === "NOT_FOUND" ? "there is none of that name, or the connectors operator is not installed" : `the account needs the right to get connectors in the API group ${CONNECTORS_GROUP}`;
    throw new BuildError("REGISTRY_UNREACHABLE", `the connector ${name2} cannot be read: ${why} (${error2.message})`, {
      cause: error2
    });
  }
}

// packages/client/src/backends/kubernetes/engine.ts
var LABELS = { "app.kubernetes.io/managed-by": "kbuild" };
function openEngine(kube, settings, request4, architecture, secrets, id, onName) {
  const { kaniko, ...rest2 } = engineSettings(settings, request4, architecture, secrets);
  let pods = 0;
  return chooseEngine(kube, { kaniko }, rest2, () => {
    const name2 = pods++ === 0 ? id : `${id}-${pods}`;
    onName(name2);
    return name2;
  });
}
function engineSettings(settings, request4, architecture, secrets) {
  const { env, resources, nodeSelector, authorities = {} } = settings;
  const { kaniko, pushImage } = { ...imagesFrom(env), ...settings };
  const { cache, registryMirrors, insecureRegistries } = request4;
  const hosts = Object.keys(authorities);
  const secret2 = hosts.length === 0 ? "" : secrets.texts("authorities", byIndex(Object.values(authorities)));
  return {
    kaniko,
    pushImage,
    contextImage: pushImage,
    registryMirrors,
    insecureRegistries,
    certificates: hosts.map((registry2, index) => ({ registry: registry2, source: { secret: secret2, key: String(index) } })),
    ...cache === void 0 ? {} : { cache: { repository: cache.repository, ttl: `${Math.max(1, Math.round(cache.ttlMs / 1e3))}s` } },
    pod: {
      labels: LABELS,
      // The image is for that platform, and Kaniko does not emulate.
      nodeSelector: { "kubernetes.io/arch": architecture, ...nodeSelector },
      ...resources === void 0 ? {} : { resources }
    }
  };
}
function byIndex(texts) {
  return Object.fromEntries(texts.map((text3, index) => [String(index), text3]));
}

// packages/client/src/backends/kubernetes/plan.ts
async function readContextOf(request4, { env }, listener, signal) {
  listener.phase("context");
  const open9 = await openContext(request4, env, signal);
  const files = open9.context.entries.filter(({ kind }) => kind === "file").length;
  listener.line(`Context: ${files} ${files === 1 ? "file" : "files"}`);
  return open9;
}
async function planAccess2(request4, context, settings, kube, listener, signal) {
  listener.phase("bases");
  const places = placesOf(request4.push ? request4.tags : []);
  const connector2 = await connectorFor(request4, settings, kube, signal);
  if (connector2 !== void 0 && !places.some((place2) => goesBy(place2, connector2))) {
    const why = `none of the tags is in ${connector2.registry}, the registry behind it`;
    throw new BuildError(
      "REQUEST_REFUSED",
      `the connector ${settings.connector?.name ?? ""} would push nothing: ${why}`
    );
  }
  const bases = baseRepositories(context, request4.buildArgs);
  const always = [...mirrorsOf(request4), ...cacheOf2(request4)];
  const own = places.filter((place2) => !goesBy(place2, connector2)).map(({ reference }) => reference);
  const wanted = [...own, ...bases, ...always];
  const credentials = await findCredentials(
    wanted,
    credentialSources(settings.env, settings.credentials),
    settings.env,
    signal
  );
  for (const warning2 of credentials.warnings) listener.line(`Warning: ${warning2}`);
  const closed = await Promise.all(
    bases.map(async (base) => {
      const isNeeded = credentials.for(base) !== void 0 && !await isPublic(base, clientFor(base, request4, settings), signal);
      return isNeeded ? [base] : [];
    })
  );
  const builderConfig = credentials.configFor([...closed.flat(), ...always]);
  return { places, credentials, builderConfig, ...connector2 === void 0 ? {} : { connector: connector2 } };
}
async function connectorFor({ push, timeoutMs }, { connector: connector2 }, kube, signal) {
  return push && connector2 !== void 0 ? openConnector(kube, connector2, timeoutMs, signal) : void 0;
}
function goesBy({ reference }, connector2) {
  return reference.domain === connector2?.registry;
}
function clientFor({ domain }, { insecureRegistries }, { authorities = {} }) {
  const ca = authorities[domain];
  return { plainHttp: insecureRegistries.includes(domain), ...ca === void 0 ? {} : { ca } };
}
function mirrorsOf({ registryMirrors }) {
  return registryMirrors.map((mirror) => ({ domain: mirror.split("/", 1)[0] ?? "", repository: "" }));
}
function cacheOf2({ cache }) {
  return cache === void 0 ? [] : [parseReference(cache.repository)];
}

// packages/client/src/backends/kubernetes/platform.ts
var import_node_os5 = require("node:os");
function ownArchitecture() {
  const names = { x64: "amd64", ia32: "386" };
  return names[(0, import_node_os5.arch)()] ?? (0, import_node_os5.arch)();
}
function platformOf2(platform2, isInCluster) {
  if (platform2 === void 0) return { os: "linux", architecture: isInCluster ? ownArchitecture() : "amd64" };
  const [, architecture, variant2] = /^linux\/([a-z0-9]+)(?:\/(v\d+))?$/.exec(platform2) ?? [];
  if (architecture === void 0) {
    const advice2 = "write one as linux/amd64 or linux/arm64, and build once for each";
    throw new BuildError("REQUEST_REFUSED", `the platform ${JSON.stringify(platform2)} is not built: ${advice2}`);
  }
  return { os: "linux", architecture, ...variant2 === void 0 ? {} : { variant: variant2 } };
}

// packages/client/src/backends/kubernetes/request.ts
function wishesOf({ labels, secrets, target }) {
  return { labels, secrets: secrets.map(({ id }) => id), ...target === void 0 ? {} : { target } };
}
function buildRequest(request4, { places, credentials, builderConfig, connector: connector2 }, secrets, listener, signal) {
  const { buildArgs, labels, annotations, engineArgs, files, pushRetries, timeoutMs } = request4;
  const targets = places.map((place2, index) => {
    if (connector2 !== void 0 && goesBy(place2, connector2)) return connector2.targetOf(place2);
    const credential2 = secrets.dockerConfig(`push-${index}`, configOf(place2, credentials));
    return targetOf(place2, credential2, request4.insecureRegistries);
  });
  const bases = secrets.dockerConfig("bases", builderConfig);
  const values = secrets.buildSecrets(request4.secrets);
  const pushing = new Set(targets.map(({ pushRef }) => `Pushing ${pushRef}`));
  listener.phase("build");
  return {
    targets,
    ...bases === void 0 ? {} : { bases: { credentials: bases } },
    ...values === void 0 ? {} : { secrets: values },
    ...{ buildArgs, labels, annotations, engineArgs, files, pushRetries, timeoutMs, pushTimeoutMs: timeoutMs },
    log: (line) => {
      if (pushing.has(line)) listener.phase("push");
      listener.line(line);
    },
    onPod: async (pod) => secrets.make(pod, signal)
  };
}

// packages/client/src/backends/kubernetes/secrets.ts
var CLEANUP_MS3 = 5e3;
var BuildSecrets = class {
  #kube;
  #prefix;
  #planned = /* @__PURE__ */ new Map();
  #made = [];
  /** @param prefix free in the namespace, as the name of what is named with more behind */
  constructor(kube, prefix) {
    this.#kube = kube;
    this.#prefix = prefix;
  }
  /** @returns the name under which a `config.json` will be mounted; undefined for none */
  dockerConfig(name2, content) {
    if (content === void 0) return void 0;
    const data = { ".dockerconfigjson": base642(Buffer.from(content)) };
    return this.#plan(name2, { type: "kubernetes.io/dockerconfigjson", data });
  }
  /** @returns where the values of build secrets will lie */
  buildSecrets(secrets) {
    if (secrets.length === 0) return void 0;
    const data = Object.fromEntries(secrets.map(({ value }, index) => [String(index), base642(value)]));
    return { secret: this.#plan("secrets", { type: "Opaque", data }), ids: secrets.map(({ id }) => id) };
  }
  /** @returns the Secret in which each of these texts will be a key */
  texts(name2, texts) {
    const data = Object.fromEntries(Object.entries(texts).map(([key2, text3]) => [key2, base642(Buffer.from(text3))]));
    return this.#plan(name2, { type: "Opaque", data });
  }
  /**
   * Makes them, each owned by the pod, so that they go with it whatever becomes of us. For a second pod they are made anew.
   */
  async make(pod, signal) {
    await this.remove();
    const { name: name2 = "", uid = "" } = pod.metadata ?? {};
    const ownerReferences = [{ apiVersion: "v1", kind: "Pod", name: name2, uid }];
    for (const [secret2, content] of this.#planned) {
      this.#made.push(secret2);
      const labels = pod.metadata?.labels ?? {};
      await this.#kube.create(
        "secrets",
        { ...content, metadata: { name: secret2, labels, ownerReferences } },
        { signal }
      );
    }
  }
  /** Never throws: it must not hide how the build went, and what stays goes with the pod. */
  async remove() {
    const made = this.#made;
    this.#made = [];
    await Promise.all(
      made.map(async (name2) => {
        const signal = AbortSignal.timeout(CLEANUP_MS3);
        await this.#kube.delete("secrets", name2, { signal }).catch((error2) => {
          if (!isKubeError(error2)) throw error2;
        });
      })
    );
  }
  #plan(name2, content) {
    const secret2 = `${this.#prefix}-${name2}`;
    this.#planned.set(secret2, content);
    return secret2;
  }
};
function base642(value) {
  return value.toString("base64");
}

// packages/client/src/backends/kubernetes/describe.ts
var NAME3 = "kbuild-0";
var NOBODY = { line: () => void 0, phase: () => void 0 };
async function describePod(settings, request4, signal) {
  const cluster = await findCluster(settings);
  const kube = new Kube(cluster.config);
  try {
    const secrets = new BuildSecrets(kube, NAME3);
    const { architecture, ...platform2 } = platformOf2(request4.platform, cluster.isOwn);
    const engine = openEngine(kube, settings, request4, architecture, secrets, NAME3, () => void 0);
    const { context: found, close } = await readContextOf(request4, settings, NOBODY, signal);
    try {
      const wishes = wishesOf(request4);
      const prepared = engine.prepare(found, { ...platform2, architecture }, request4.buildArgs, wishes);
      refuseUnsupported(prepared.findings, prepared.context.dockerfile);
      const plan = await planAccess2(request4, prepared.context, settings, kube, NOBODY, signal);
      const asked = buildRequest({ ...request4, buildArgs: prepared.buildArgs }, plan, secrets, NOBODY, signal);
      const { kaniko, ...rest2 } = engineSettings(settings, request4, architecture, secrets);
      const archive = comingContext(NAME3, await packContext(prepared.context), { ...asked, ...prepared });
      const options = { name: NAME3, timeoutMs: request4.timeoutMs, ...archive === void 0 ? {} : { archive } };
      return kanikoPod(asked, { ...kaniko, ...rest2 }, options);
    } finally {
      await close();
    }
  } finally {
    kube.close();
  }
}

// packages/client/src/backends/kubernetes/published.ts
var ANSWER_MS3 = 1e4;
async function checkPublished(asked, digest2, signal) {
  const found = await Promise.all(asked.map(async (asking) => checkPlace(asking, digest2, signal)));
  return found.find(({ imageId }) => imageId !== void 0) ?? {};
}
async function checkPlace({ place: place2, client: options }, digest2, signal) {
  const { domain, repository } = place2.reference;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS3)]);
  try {
    const client = new RegistryClient(domain, { ...options, retries: 1, connectTimeoutMs: 3e3 });
    const manifest = await client.getManifest(repository, digest2, soon);
    for (const [tag, written] of place2.written) {
      const head = await client.headManifest(repository, tag, soon);
      if (head?.digest === digest2) continue;
      const instead = head === void 0 ? "nothing" : head.digest;
      const why = `the registry ${domain} has ${instead} by that name; somebody else pushes or deletes the same tag`;
      throw new BuildError("PUSH_FAILED", `${written} was pushed as ${digest2}, but ${why}`);
    }
    return manifest === void 0 ? {} : imageFacts(manifest);
  } catch (error2) {
    if (signal.aborted || !(error2 instanceof RegistryError)) throw error2;
    return {};
  }
}

// packages/client/src/backends/kubernetes/rights.ts
var NEEDED = [
  ...["create", "get", "delete"].map((verb) => ({ verb, resource: "pods" })),
  ...["create", "get"].map((verb) => ({ verb, resource: "pods", subresource: "exec" })),
  { verb: "get", resource: "pods", subresource: "log" },
  ...["create", "delete"].map((verb) => ({ verb, resource: "secrets" }))
];
async function missingRights(kube, more, signal) {
  const answers2 = await Promise.all(
    [...NEEDED, ...more].map(async (right) => ({ right, isAllowed: await isAllowed(kube, right, signal) }))
  );
  const missing = answers2.filter(({ isAllowed: allowed }) => !allowed).map(({ right }) => shown2(right));
  if (missing.length === 0) return void 0;
  return `the account may not ${missing.join(", ")} in namespace ${kube.namespace}`;
}
async function isAllowed(kube, right, signal) {
  const attributes = { namespace: kube.namespace, ...right };
  try {
    const review = await kube.create(
      "selfsubjectaccessreviews",
      { spec: { resourceAttributes: attributes } },
      { signal }
    );
    return review.status?.allowed === true;
  } catch (error2) {
    if (isKubeError(error2, "NOT_FOUND", "FORBIDDEN")) return true;
    throw error2;
  }
}
function shown2({ verb, resource, subresource, group: group2, name: name2, namespace }) {
  const what = `${resource}${group2 === void 0 ? "" : `.${group2}`}${subresource === void 0 ? "" : `/${subresource}`}`;
  const which2 = name2 === void 0 || namespace === void 0 ? "" : ` ${namespace}/${name2}`;
  return `${verb} ${what}${which2}`;
}

// packages/client/src/backends/kubernetes/kubernetes.ts
var BUILD_ID2 = /^kbuild-[0-9a-f]{8}(?:-\d{1,3})?$/;
var CANCEL_MS2 = 2e4;
var KubernetesBackend = class {
  name = "kubernetes";
  #settings;
  constructor(settings) {
    this.#settings = settings;
  }
  async missing(patienceMs = PATIENCE_MS2) {
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const { config } = await findCluster(this.#settings);
      const kube = new Kube(config, { firstContactMs: PATIENCE_MS2 });
      try {
        const { connector: connector2 } = this.#settings;
        const more = connector2 === void 0 ? [] : [rightOfConnector(connector2, kube.namespace)];
        return await missingRights(kube, more, signal);
      } catch (error2) {
        if (!signal.aborted) throw error2;
        return `the API server ${config.server.host} did not answer within ${patienceMs / 1e3} s`;
      } finally {
        kube.close();
      }
    } catch (error2) {
      if (isKubeError(error2)) return error2.message;
      throw error2;
    }
  }
  async describe(request4, signal) {
    return [await asBuildErrors(async () => describePod(this.#settings, request4, signal))];
  }
  async build(request4, listener, signal) {
    const cluster = await asBuildErrors(async () => findCluster(this.#settings));
    const kube = new Kube(cluster.config, { onOutage: (sentence2) => listener.line(sentence2) });
    const id = `kbuild-${(0, import_node_crypto14.randomUUID)().slice(0, 8)}`;
    const secrets = new BuildSecrets(kube, id);
    let open9;
    try {
      const platform2 = platformOf2(request4.platform, cluster.isOwn);
      const engine = openEngine(
        kube,
        this.#settings,
        request4,
        platform2.architecture,
        secrets,
        id,
        (pod) => listener.started?.(pod)
      );
      open9 = await readContextOf(request4, this.#settings, listener, signal);
      const { context, buildArgs, findings } = engine.prepare(
        open9.context,
        platform2,
        request4.buildArgs,
        wishesOf(request4)
      );
      refuseUnsupported(findings, context.dockerfile);
      for (const warning2 of context.warnings) listener.line(`Warning: ${warning2}`);
      const plan = await asBuildErrors(async () => planAccess2(request4, context, this.#settings, kube, listener, signal));
      const redact2 = redactor2([
        ...plan.credentials.secrets,
        ...request4.secrets.map(({ value }) => value.toString("utf8"))
      ]);
      const own = buildRequest({ ...request4, buildArgs }, plan, secrets, listener, signal);
      const log = (line) => own.log(redact2(line));
      const image = await engine.build({ ...own, log, context }, signal).catch((error2) => {
        throw error2 instanceof BuildError ? error2.inWords(redact2) : error2;
      });
      const published = await checkPublished(
        // Who asks a connector needs a token; the container that pushed had one.
        plan.places.filter((place2) => !goesBy(place2, plan.connector)).map((place2) => ({
          place: place2,
          client: {
            ...clientFor(place2.reference, request4, this.#settings),
            credential: plan.credentials.for(place2.reference)?.credential
          }
        })),
        image.digest,
        signal
      );
      return outcomeOf2(image, published, plan, id);
    } finally {
      await Promise.all([secrets.remove(), open9?.close()]);
      kube.close();
    }
  }
  /** Removes the pod, whose Secrets the cluster removes then, and the Secret of its context, which is made first and has no owner. */
  async cancel(buildId) {
    if (!BUILD_ID2.test(buildId)) throw new BuildError("REQUEST_REFUSED", "what was left is no name of a build pod");
    await asBuildErrors(async () => {
      const { config } = await findCluster(this.#settings);
      const kube = new Kube(config);
      try {
        const signal = AbortSignal.timeout(CANCEL_MS2);
        await Promise.all([
          kube.delete("pods", buildId, { gracePeriodSeconds: 1, propagationPolicy: "Background", signal }),
          kube.delete("secrets", buildId, { signal })
        ]);
      } finally {
        kube.close();
      }
    });
  }
};
function outcomeOf2({ digest: digest2, phases }, { imageId, size }, { places }, buildId) {
  const { podMs, contextMs, buildMs, pushMs } = phases;
  return {
    digest: digest2,
    imageId,
    size,
    pushed: places.flatMap(({ written }) => [...written.values()]),
    buildId,
    backend: "kubernetes",
    durationsMs: { queue: podMs, context: contextMs, build: buildMs, push: pushMs }
  };
}
async function asBuildErrors(action) {
  try {
    return await action();
  } catch (error2) {
    if (isKubeError(error2)) throw new BuildError("POD_FAILED", error2.message, { fault: "configuration", cause: error2 });
    if (error2 instanceof RegistryError) throw new BuildError("PUSH_FAILED", error2.message, { cause: error2 });
    throw error2;
  }
}

// packages/client/src/choose.ts
var NAMED_PATIENCE_MS = 3e4;
var TO_SAY_MS = 500;
async function chooseBackend(candidates, wanted) {
  const asked = candidates.filter(({ name: name2 }) => wanted === "auto" || name2 === wanted);
  const lacks = [];
  for (const backend of asked) {
    const why = await missingOf(backend, wanted === "auto" ? PATIENCE_MS2 : NAMED_PATIENCE_MS);
    if (why === void 0) return { backend, reason: reasonFor(backend, wanted, lacks) };
    lacks.push(`${backend.name}: ${why}`);
  }
  if (wanted !== "auto") {
    const why = lacks[0]?.slice(wanted.length + 2) ?? `there are only ${candidates.map(({ name: name2 }) => name2).join(", ")}`;
    throw new BuildError("NO_BACKEND", `the backend ${wanted} cannot build here: ${why}`);
  }
  const list = lacks.map((line) => `
  ${line}`).join("");
  throw new BuildError("NO_BACKEND", `nothing can build an image here:${list}
Name one as backend when it is set up.`);
}
function reasonFor({ name: name2 }, wanted, lacks) {
  if (wanted !== "auto") return `Building by ${name2}, as asked for.`;
  return lacks.length === 0 ? `Building by ${name2}.` : `Building by ${name2} (not by ${lacks.join("; not by ")}).`;
}
async function missingOf(backend, patienceMs) {
  let timer;
  const late = new Promise((resolve10) => {
    timer = setTimeout(() => resolve10("it did not say in time whether it can build"), patienceMs + TO_SAY_MS);
  });
  try {
    return await Promise.race([backend.missing(patienceMs), late]);
  } catch (error2) {
    return error2 instanceof Error ? error2.message : String(error2);
  } finally {
    clearTimeout(timer);
  }
}

// packages/registry/src/push.ts
var SLOWEST = 32 * 1024;

// packages/client/src/image-archive/tar-index.ts
init_header();
init_pax();
var MAX_EXTENSION = 1024 * 1024;

// packages/client/src/image-archive/image-archive.ts
var MAX_JSON_BYTES2 = 8 * 1024 * 1024;
var PIECE3 = 256 * 1024;

// packages/client/src/lend.ts
function lendFrom(env, wishes, notice2 = () => void 0) {
  return {
    readContext: (build2, signal) => openContext(build2, env, signal),
    dockerConfig: async (build2, context, signal) => {
      const repositories = repositoriesOf(build2, context);
      const found = await findCredentialsOf(repositories, env, wishes, signal);
      found.warnings.forEach(notice2);
      return found.configFor(repositories);
    }
  };
}
async function findCredentialsOf(repositories, env, wishes, signal) {
  return findCredentials(repositories, credentialSources(env, wishes), env, signal);
}
function repositoriesOf(build2, context) {
  const bases = baseImages(context.dockerfileText, build2.buildArgs).map(({ reference }) => reference);
  const names = [...build2.tags, ...build2.cache === void 0 ? [] : [build2.cache.repository], ...bases];
  return names.flatMap((name2) => {
    try {
      return [parseReference(name2)];
    } catch {
      return [];
    }
  });
}

// packages/client/src/credentials/login.ts
var DOCKER_HUB_KEY2 = "https://index.docker.io/v1/";
async function login(path8, registry2, username, password) {
  if (username === "" || username.includes(":")) throw bad4("a user name is not empty and has no colon in it");
  if (password === "") throw bad4("the password is empty");
  const auth = Buffer.from(`${username}:${password}`, "utf8").toString("base64");
  await change(path8, (auths) => ({ ...auths, [keyOf(registry2)]: { auth } }));
}
async function change(path8, alter) {
  const text3 = await readConfigFile(path8, "kbuild login", true) ?? "{}";
  let config;
  try {
    config = JSON.parse(text3);
  } catch {
    throw bad4(`the file ${path8} is not JSON; remove it`);
  }
  const auths = isMap(config) ? config["auths"] ?? {} : void 0;
  if (!isMap(config) || !isMap(auths)) throw bad4(`the file ${path8} is no docker configuration; remove it`);
  await writeConfigFile(path8, `${JSON.stringify({ ...config, auths: alter(auths) }, void 0, 2)}
`);
}
function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function keyOf(registry2) {
  const host = registry2.toLowerCase().replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "");
  if (!/^(?:[a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\])(?::\d+)?$/.test(host))
    throw bad4(`${JSON.stringify(registry2)} is not the host[:port] of a registry`);
  return ["docker.io", "index.docker.io", "registry-1.docker.io"].includes(host) ? DOCKER_HUB_KEY2 : host;
}
function bad4(why) {
  return new RegistryError("BAD_CREDENTIALS", `the login cannot be kept: ${why}`);
}

// packages/client/src/backends/local/local.ts
var import_node_fs21 = require("node:fs");
var import_promises28 = require("node:fs/promises");
var import_node_os7 = require("node:os");
var import_node_path33 = require("node:path");

// packages/client/src/image-archive/pack-layout.ts
var import_node_fs18 = require("node:fs");
var import_promises24 = require("node:fs/promises");
init_header();
var BLOCK3 = 512;
var PIECE4 = 256 * 1024;
async function* packLayout(directory) {
  const blobs = (await (0, import_promises24.readdir)(`${directory}/blobs/sha256`)).filter((name2) => /^[0-9a-f]{64}$/.test(name2)).sort();
  for (const path8 of ["oci-layout", "index.json", ...blobs.map((name2) => `blobs/sha256/${name2}`)]) {
    yield* packFile(directory, path8);
  }
  yield Buffer.alloc(2 * BLOCK3);
}
async function* packFile(directory, path8) {
  const file = await (0, import_promises24.open)(`${directory}/${path8}`, import_node_fs18.constants.O_RDONLY | import_node_fs18.constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    const header = new Header({ path: path8, mode: 420, uid: 0, gid: 0, size, mtime: /* @__PURE__ */ new Date(0), type: "File" });
    const block2 = Buffer.alloc(BLOCK3);
    header.encode(block2);
    yield block2;
    for (let done = 0; done < size; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE4, size - done));
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) throw new Error(`${path8} became shorter while it was read`);
      yield piece.subarray(0, bytesRead);
      done += bytesRead;
    }
    yield Buffer.alloc(Math.ceil(size / BLOCK3) * BLOCK3 - size);
  } finally {
    await file.close();
  }
}

// packages/client/src/backends/local/alone.ts
var import_promises25 = require("node:fs/promises");
var import_node_net3 = require("node:net");
var import_promises26 = require("node:timers/promises");
var PAUSE_MS = 5;
var LIMIT_MS = 6e4;
async function alone(directory, body) {
  const { dev, ino } = await (0, import_promises25.stat)(directory);
  const server = await claim(`\0kbuild-${dev}-${ino}`);
  try {
    return await body();
  } finally {
    await new Promise((resolve10) => server.close(resolve10));
  }
}
async function claim(name2) {
  const since = Date.now();
  for (; ; ) {
    try {
      return await listen(name2);
    } catch (error2) {
      if (error2.code !== "EADDRINUSE") throw error2;
      if (Date.now() - since > LIMIT_MS)
        throw new BuildError("POD_FAILED", "another build begins or ends in this container", { fault: "user" });
    }
    await (0, import_promises26.setTimeout)(PAUSE_MS);
  }
}
async function listen(name2) {
  return new Promise((resolve10, reject) => {
    const server = (0, import_node_net3.createServer)();
    server.once("error", reject);
    server.listen({ path: name2 }, () => resolve10(server));
  });
}

// packages/client/src/backends/local/executor-process.ts
var import_node_child_process4 = require("node:child_process");
var import_node_fs19 = require("node:fs");
var import_node_os6 = require("node:os");
async function runExecutor({ program, args, environment }, onLine, signal, onStart = () => void 0) {
  signal.throwIfAborted();
  const child2 = (0, import_node_child_process4.spawn)(program, args, { stdio: ["ignore", "pipe", "pipe"], env: environment, detached: true });
  const kill = () => {
    if (child2.pid !== void 0) endExecutor(child2.pid);
  };
  if (child2.pid !== void 0) onStart(child2.pid);
  signal.addEventListener("abort", kill, { once: true });
  const read4 = async (stream) => {
    for await (const line of readLines(stream)) onLine(line);
  };
  try {
    const ended = new Promise((resolve10, reject) => {
      child2.on("error", reject);
      child2.on("exit", (code4, name2) => resolve10(code4 ?? 128 + (name2 === null ? 0 : import_node_os6.constants.signals[name2])));
    });
    const [code3] = await Promise.all([ended, read4(child2.stdout), read4(child2.stderr)]);
    return code3;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}
function endExecutor(pid) {
  for (const group2 of [...groupsOfChildren(pid), pid]) endGroup(group2);
}
function groupsOfChildren(parent) {
  return (0, import_node_fs19.readdirSync)("/proc").filter((name2) => /^\d+$/.test(name2)).flatMap((name2) => {
    try {
      const [, ppid, group2] = (0, import_node_fs19.readFileSync)(`/proc/${name2}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
      return Number(ppid) === parent && group2 === name2 ? [Number(group2)] : [];
    } catch {
      return [];
    }
  });
}
function endGroup(group2) {
  try {
    process.kill(-group2, "SIGKILL");
  } catch {
  }
}

// packages/client/src/backends/local/process-name.ts
var import_node_fs20 = require("node:fs");
var NAME4 = /^local-(\d{1,10})-(\d{1,20})$/;
function nameOfProcess(pid) {
  return `local-${pid}-${beginningOf(pid) ?? "0"}`;
}
function isNameOfProcess(text3) {
  return NAME4.test(text3);
}
function processOfName(name2) {
  const [, pid, beginning] = NAME4.exec(name2) ?? [];
  return pid !== void 0 && beginning !== void 0 && beginningOf(Number(pid)) === beginning ? Number(pid) : void 0;
}
function isRunning(pid) {
  return beginningOf(pid) !== void 0;
}
function beginningOf(pid) {
  try {
    const fields2 = (0, import_node_fs20.readFileSync)(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, "").split(" ");
    return fields2[0] === "Z" || fields2[0] === "X" ? void 0 : fields2[19];
  } catch {
    return void 0;
  }
}

// packages/client/src/backends/local/unpack.ts
var import_node_events3 = require("node:events");
var import_promises27 = require("node:fs/promises");
var import_node_path32 = require("node:path");
async function unpackContext(context, directory, signal) {
  await (0, import_promises27.mkdir)(directory, { recursive: true, mode: 493 });
  const archive = await packContext(context);
  let writing = Promise.resolve();
  const parser = new rt({
    strict: true,
    onReadEntry: (entry2) => {
      writing = writing.then(() => writeEntry(entry2, directory));
      writing.catch(() => entry2.resume());
    }
  });
  const ended = (0, import_node_events3.once)(parser, "end", { signal });
  ended.catch(() => void 0);
  await archive.send(async (chunk) => {
    signal.throwIfAborted();
    if (!parser.write(Buffer.from(chunk))) await (0, import_node_events3.once)(parser, "drain", { signal });
  });
  parser.end();
  await ended;
  await writing;
}
async function writeEntry(entry2, directory) {
  const { type: type2, mode = 0, mtime = /* @__PURE__ */ new Date(0), linkpath = "" } = entry2;
  const path8 = (0, import_node_path32.join)(directory, entry2.path);
  if (type2 === "Directory") {
    entry2.resume();
    await (0, import_promises27.mkdir)(path8, { recursive: true });
    await (0, import_promises27.chmod)(path8, mode);
    return (0, import_promises27.utimes)(path8, mtime, mtime);
  }
  await (0, import_promises27.mkdir)((0, import_node_path32.dirname)(path8), { recursive: true });
  if (type2 === "SymbolicLink") {
    entry2.resume();
    await (0, import_promises27.symlink)(linkpath, path8);
    return (0, import_promises27.lutimes)(path8, mtime, mtime);
  }
  const file = await (0, import_promises27.open)(path8, "wx", 384);
  try {
    for await (const chunk of entry2) await file.writeFile(chunk);
    await file.chmod(mode);
    await file.utimes(mtime, mtime);
  } finally {
    await file.close();
  }
}

// packages/client/src/backends/local/local.ts
var ARCHITECTURES2 = {
  x64: { architecture: "amd64" },
  arm: { architecture: "arm", variant: "v7" }
};
var LocalBackend = class {
  name = "local";
  #settings;
  #lent;
  constructor(settings, lent) {
    this.#settings = settings;
    this.#lent = lent;
  }
  get #home() {
    return this.#settings.home ?? "/kaniko";
  }
  missing() {
    const { executor } = placesBelow(this.#home);
    try {
      (0, import_node_fs21.accessSync)(executor, import_node_fs21.constants.X_OK);
    } catch {
      return Promise.resolve(`there is no ${executor}`);
    }
    const isRoot = process.getuid?.() === 0;
    return Promise.resolve(isRoot ? void 0 : `${executor} has to run as root, and this is another user`);
  }
  async build(request4, listener, signal) {
    const limit = AbortSignal.timeout(request4.timeoutMs);
    const either = AbortSignal.any([signal, limit]);
    try {
      either.throwIfAborted();
      return await this.#run(request4, listener, either);
    } catch (error2) {
      if (signal.aborted) throw new BuildError("ABORTED", "the build was aborted", { cause: error2 });
      if (!limit.aborted) throw error2;
      const message = `the build took longer than ${Math.round(request4.timeoutMs / 1e3)} s`;
      throw new BuildError("TIMEOUT", message, { cause: error2 });
    }
  }
  async #run(request4, listener, signal) {
    const { work, layout, tar, tree } = placesBelow(this.#home);
    const durations2 = new Durations();
    durations2.begin("context", listener);
    const lent = await this.#lent.readContext(request4, signal);
    const directory = process.cwd();
    let had;
    try {
      const traits = await this.#traits(signal);
      const { context, buildArgs } = prepareElsewhere(lent.context, request4, traits);
      context.warnings.forEach((warning2) => listener.line(warning2));
      had = await alone(this.#home, async () => take(this.#home, work));
      await (0, import_promises28.rm)(tree, { recursive: true, force: true });
      await unpackContext(context, tree, signal);
      const config = await this.#lent.dockerConfig(request4, context, signal);
      const redact2 = redactorOf(request4, config);
      await writePrivate(`${work}/docker/config.json`, config ?? "{}");
      for (const [index, { value }] of request4.secrets.entries()) {
        await writePrivate(secretFile(`${work}/secrets`, index), value);
      }
      durations2.begin("build", listener);
      const log = followBuild({ ...request4, buildArgs }, context, redact2, durations2, listener);
      const leaves = { ...leftoversOf(request4), layout: true };
      const [program, ...args] = executorCommand({ ...request4, buildArgs }, this.#home, leaves);
      const environment = { ...this.#settings.environment, ...executorEnvironment(), DOCKER_CONFIG: `${work}/docker` };
      let buildId = "local";
      const exitCode2 = await runExecutor({ program, args, environment }, log.onLine, signal, (pid) => {
        buildId = nameOfProcess(pid);
        listener.started?.(buildId);
      });
      signal.throwIfAborted();
      const digest2 = log.digestOf({ exitCode: exitCode2, digest: await (0, import_promises28.readFile)(`${work}/digest`, "utf8").catch(() => "") });
      const manifest = await (0, import_promises28.readFile)(`${layout}/blobs/${digest2.replace(":", "/")}`).catch(() => void 0);
      const facts = factsOf(manifest, digest2);
      for (const { kind, path: path8 } of request4.files) {
        const content = kind === "oci" ? packLayout(layout) : (0, import_node_fs21.createReadStream)(tar);
        await writeWhole(path8, content, signal);
      }
      return {
        digest: digest2,
        imageId: facts.imageId,
        pushed: request4.push ? request4.tags : [],
        buildId,
        backend: this.name,
        size: facts.size,
        durationsMs: durations2.end()
      };
    } finally {
      await (0, import_promises28.mkdir)(directory, { recursive: true });
      if (had !== void 0) await leave(this.#home, work, had);
      await lent.close();
    }
  }
  /** Ends an executor whose caller was killed, and removes what the build was lent. */
  async cancel(buildId) {
    if (!isNameOfProcess(buildId)) throw new BuildError("REQUEST_REFUSED", "what was left is no name of a build here");
    const pid = processOfName(buildId);
    if (pid !== void 0) endExecutor(pid);
    const { work } = placesBelow(this.#home);
    await alone(this.#home, async () => {
      const owner = await ownerOf2(work);
      if (owner === void 0 || !isRunning(owner)) await dropLeft(this.#home, work);
    });
  }
  async #traits(signal) {
    const { executor } = placesBelow(this.#home);
    const said = [];
    const command = { program: executor, args: ["version"], environment: this.#settings.environment };
    await runExecutor(command, (line) => said.push(line), signal);
    const fork = forkOf(said.join(" "));
    if (fork === void 0) {
      const message = `${executor} tells no version of Kaniko: ${said.join(" ").slice(0, 300)}`;
      throw new BuildError("POD_FAILED", message, { fault: "configuration" });
    }
    return { fork, platform: { os: "linux", ...ARCHITECTURES2[(0, import_node_os7.arch)()] ?? { architecture: (0, import_node_os7.arch)() } } };
  }
};
async function take(home, work) {
  const other = await ownerOf2(work);
  if (other !== void 0 && isRunning(other)) {
    throw new BuildError("POD_FAILED", `another build (process ${other}) runs in this container`, { fault: "user" });
  }
  await dropLeft(home, work);
  const had = await (0, import_promises28.readdir)(home);
  await (0, import_promises28.mkdir)(work, { mode: 448 });
  await writePrivate(`${work}/pid`, `${process.pid}
`);
  await writePrivate(`${work}/had`, `/${had.join("/")}/
`);
  return had;
}
async function leave(home, work, had) {
  await drop(home, [...had, (0, import_node_path33.basename)(work)]);
  await alone(home, async () => (0, import_promises28.rm)(work, { recursive: true, force: true }));
}
async function ownerOf2(work) {
  const pid = Number(await (0, import_promises28.readFile)(`${work}/pid`, "utf8").catch(() => ""));
  return pid > 0 ? pid : void 0;
}
async function dropLeft(home, work) {
  const before = await (0, import_promises28.readFile)(`${work}/had`, "utf8").catch(() => void 0);
  if (before !== void 0) await drop(home, before.trim().split("/"));
  await (0, import_promises28.rm)(work, { recursive: true, force: true });
}
async function drop(home, had) {
  const left = (await (0, import_promises28.readdir)(home)).filter((name2) => !had.includes(name2));
  await Promise.all(left.map((name2) => (0, import_promises28.rm)(`${home}/${name2}`, { recursive: true, force: true })));
}
async function writePrivate(path8, content) {
  await (0, import_promises28.mkdir)((0, import_node_path33.dirname)(path8), { recursive: true, mode: 448 });
  await (0, import_promises28.writeFile)(path8, content, { mode: 384, flag: "wx" });
}

// packages/client/src/backends/via/script.ts
var SCRIPT = String.raw`
say() { echo "MARK $*"; }
empty() {
  for file in WORK/docker/config.json WORK/secrets/*; do
    if [ -f "$file" ]; then : > "$file"; fi
  done
}
clean() {
  empty
  if [ -x /busybox/sh ] && [ ! -e /bin/sh ]; then mkdir -p /bin && ln -s /busybox/sh /bin/sh; fi
  if [ ! -d "$start" ]; then mkdir -p -m 755 "$start"; fi
  drop
}
look() {
  had=/
  for path in HOME_DIRECTORY/* HOME_DIRECTORY/.[!.]*; do had=$had${"$"}{path##*/}/; done
}
drop() {
  for path in HOME_DIRECTORY/* HOME_DIRECTORY/.[!.]*; do
    name=${"$"}{path##*/}
    case $had in
      */"$name"/*) ;;
      *) rm -rf "$path" ;;
    esac
  done
}
copy() { dd bs=1 "count=$1" 2> /dev/null; }
take() {
  IFS= read -r bytes || return 1
  text=$(copy "$bytes"; echo .)
  text=${"$"}{text%.}
}
end_build() {
  for stat in /proc/[0-9]*/stat; do
    IFS= read -r line < "$stat" || continue
    set -- ${"$"}{line##*) }
    pid=${"$"}{stat#/proc/}
    pid=${"$"}{pid%/stat}
    if [ "$2" != "$child" ]; then continue; fi
    if [ "$3" = "$pid" ]; then kill -KILL "-$pid"; else kill -KILL "$pid"; fi
  done
  kill -KILL "$child"
}
stop() {
  if [ -n "$child" ]; then end_build; fi
  exit "$1"
}
kbuild() {
  start=$PWD
  PATH=$PATH:/busybox:HOME_DIRECTORY
  export PATH
  umask 077
  if [ ! -x EXECUTOR ]; then say REFUSED there is no EXECUTOR; return; fi
  look
  if ! mkdir WORK 2> /dev/null; then
    other=
    read -r other 2> /dev/null < WORK/pid
    if [ -n "$other" ] && kill -0 "$other" 2> /dev/null; then say REFUSED another build runs there; return; fi
    empty
    if [ -f WORK/had ]; then IFS= read -r had < WORK/had; fi
    drop
    rm -rf WORK
    look
    if ! mkdir WORK; then say REFUSED WORK cannot be made; return; fi
  fi
  trap clean EXIT
  child=
  trap 'stop 129' HUP
  trap 'stop 130' INT
  trap 'stop 143' TERM
  echo "$$" > WORK/pid
  echo "$had" > WORK/had
  rm -rf TREE
  mkdir -p -m 755 HOME_DIRECTORY/context
  mkdir WORK/docker WORK/secrets WORK/tree && mkfifo WORK/pipe || { say REFUSED WORK cannot be written; return; }
  say READY "$(uname -m)" "$(EXECUTOR version 2>&1 | tr '\n' ' ')"

  IFS= read -r bytes || return
  sha256sum < WORK/pipe > WORK/sum &
  head -c "$bytes" | tee WORK/pipe | tar -xpf - -C WORK/tree || { say REFUSED the context cannot be unpacked; return; }
  wait
  read -r sum rest < WORK/sum
  chmod 755 WORK/tree && mv WORK/tree TREE || { say REFUSED TREE cannot be made; return; }
  say RECEIVED "$sum"
  IFS= read -r answer && [ "$answer" = accept ] || return

  IFS= read -r bytes && copy "$bytes" > WORK/docker/config.json || return
  IFS= read -r count || return
  index=0
  while [ "$index" -lt "$count" ]; do
    IFS= read -r bytes && copy "$bytes" > "WORK/secrets/$index" || return
    index=$((index + 1))
  done
  IFS= read -r count || return
  while [ "$count" -gt 0 ]; do
    take && export "$text" || return
    count=$((count - 1))
  done
  IFS= read -r count || return
  set --
  while [ "$count" -gt 0 ]; do
    take || return
    set -- "$@" "$text"
    count=$((count - 1))
  done
  IFS= read -r wanted || return
  IFS= read -r answer && [ "$answer" = go ] || return

  DOCKER_CONFIG=WORK/docker
  export DOCKER_CONFIG
  umask 022
  exec 3<&0
  EXECUTOR "$@" < /dev/null 2>&1 &
  child=$!
  { IFS= read -r answer; end_build; } <&3 > /dev/null 2>&1 &
  watcher=$!
  { wait "$child"; } 2> /dev/null
  code=$?
  { kill -KILL "$watcher"; wait "$watcher"; } 2> /dev/null
  digest=
  if [ -f WORK/digest ]; then read -r digest < WORK/digest; fi
  empty
  if [ "$code" -eq 0 ]; then
    for kind in $wanted; do
      case $kind in
        docker) file=LEFT_TAR ;;
        oci) file=WORK/layout.tar; tar -cf "$file" -C LEFT_LAYOUT . ;;
        *) file=LEFT_LAYOUT/blobs/sha256/${"$"}{digest#sha256:} ;;
      esac
      say FILE "$kind"
      base64 < "$file"
      sum=$(sha256sum < "$file")
      say SENT "${"$"}{sum%% *}"
    done
  fi
  if [ "$code" -ne 0 ]; then
    printf 'FROM scratch\nLABEL a=b\n' > WORK/Dockerfile
    EXECUTOR --context=dir://WORK --dockerfile=WORK/Dockerfile --no-push --cleanup --ignore-path=/busybox > /dev/null 2>&1 < /dev/null
  fi
  clean 2> /dev/null
  trap - EXIT
  say END "$code" "$digest"
}
`;

// packages/client/src/backends/via/receive-file.ts
var MAX_BYTES4 = 8 * 1024 * 1024;

// packages/action/src/backends.ts
function backendsFor(wanted, environment) {
  const credentials = credentialsOf2(wanted);
  return [
    new BrokerBackend({ env: environment, credentials }),
    kubernetes(wanted, environment, credentials),
    new LocalBackend({ environment: { ...environment } }, lendFrom(environment, credentials)),
    new DockerBackend({ env: environment, credentials })
  ];
}
function unusedBy(backend, { place: place2 }) {
  if (backend.name === "kubernetes") return void 0;
  const unused = [
    ...place2.kubeconfig === void 0 ? [] : ["`kubeconfig`"],
    ...place2.namespace === void 0 ? [] : ["`namespace`"],
    ...Object.keys(place2.resources).length === 0 ? [] : ["`resources`"],
    ...Object.keys(place2.nodeSelector).length === 0 ? [] : ["`node-selector`"]
  ];
  if (unused.length === 0) return void 0;
  return `${unused.join(", ")}: for the backend kubernetes alone, and nothing to ${backend.name}.`;
}
function kubernetes(wanted, environment, credentials) {
  const { kubeconfig, namespace, connector: connector2, nodeSelector, resources } = wanted.place;
  return new KubernetesBackend({
    env: environment,
    credentials,
    nodeSelector,
    ...kubeconfig === void 0 ? {} : { kubeconfig: "path" in kubeconfig ? kubeconfig.path : `${kubeconfig.content}
` },
    ...namespace === void 0 ? {} : { namespace },
    ...connector2 === void 0 ? {} : { connector: connector2 },
    ...Object.keys(resources).length === 0 ? {} : { resources: { requests: resources, limits: resources } }
  });
}
function credentialsOf2({ logins }) {
  return logins.length === 0 ? {} : { registryAuth: JSON.stringify(logins) };
}

// packages/action/src/plain.ts
var MAX_CHARACTERS = 8e3;
function plainLine(text3) {
  const short2 = text3.length > MAX_CHARACTERS ? `${text3.slice(0, MAX_CHARACTERS)}\u2026` : text3;
  const line = short2.replace(/(?:(?!\t)[\p{Cc}\u2028\u2029])+/gu, " ").replaceAll("##[", "## [");
  return line.trimStart().startsWith("::") ? `| ${line}` : line;
}
function plainLines(text3) {
  return text3.split(/\r\n|[\r\n]/).map(plainLine);
}
function redact(text3, secrets) {
  const parts = secrets.flatMap((secret2) => [secret2, ...secret2.split(/\r\n|[\r\n]/)]).filter((part) => part.trim() !== "");
  const longest = [...new Set(parts)].sort((a, b2) => b2.length - a.length);
  return longest.reduce((left, secret2) => left.replaceAll(secret2, "***"), text3);
}

// packages/action/src/state.ts
var STATE = {
  /** Set by the main step: one program is both. */
  isPost: "isPost",
  /** Who builds. */
  backend: "backend",
  /** The build that runs; empty after its end. */
  build: "build"
};

// packages/action/src/clean-up.ts
async function cleanUp(read4, state, runner, find) {
  for (const mask of read4.masks) runner.setSecret(mask);
  const build2 = state(STATE.build);
  if (build2 === "" || read4.wanted === void 0) return;
  try {
    const backend = await find(read4.wanted, state(STATE.backend));
    if (backend?.cancel === void 0) return;
    await backend.cancel(build2);
    runner.info(plainLine(`Ended the build ${build2}, which the step left behind.`));
  } catch (error2) {
    const why = error2 instanceof Error ? error2.message : String(error2);
    runner.info(plainLine(`The build ${build2} of this step could not be ended: ${why}`));
  }
}

// node_modules/@actions/core/lib/core.js
var core_exports = {};
__export(core_exports, {
  ExitCode: () => ExitCode,
  addPath: () => addPath,
  debug: () => debug,
  endGroup: () => endGroup2,
  error: () => error,
  exportVariable: () => exportVariable,
  getBooleanInput: () => getBooleanInput,
  getIDToken: () => getIDToken,
  getInput: () => getInput,
  getMultilineInput: () => getMultilineInput,
  getState: () => getState,
  group: () => group,
  info: () => info,
  isDebug: () => isDebug,
  markdownSummary: () => markdownSummary,
  notice: () => notice,
  platform: () => platform_exports,
  saveState: () => saveState,
  setCommandEcho: () => setCommandEcho,
  setFailed: () => setFailed,
  setOutput: () => setOutput,
  setSecret: () => setSecret,
  startGroup: () => startGroup,
  summary: () => summary,
  toPlatformPath: () => toPlatformPath,
  toPosixPath: () => toPosixPath,
  toWin32Path: () => toWin32Path,
  warning: () => warning
});

// node_modules/@actions/core/lib/command.js
var os2 = __toESM(require("os"), 1);

// node_modules/@actions/core/lib/utils.js
function toCommandValue(input) {
  if (input === null || input === void 0) {
    return "";
  } else if (typeof input === "string" || input instanceof String) {
    return input;
  }
  return JSON.stringify(input);
}
function toCommandProperties(annotationProperties) {
  if (!Object.keys(annotationProperties).length) {
    return {};
  }
  return {
    title: annotationProperties.title,
    file: annotationProperties.file,
    line: annotationProperties.startLine,
    endLine: annotationProperties.endLine,
    col: annotationProperties.startColumn,
    endColumn: annotationProperties.endColumn
  };
}

// node_modules/@actions/core/lib/command.js
function issueCommand(command, properties, message) {
  const cmd = new Command(command, properties, message);
  process.stdout.write(cmd.toString() + os2.EOL);
}
function issue(name2, message = "") {
  issueCommand(name2, {}, message);
}
var CMD_STRING = "::";
var Command = class {
  constructor(command, properties, message) {
    if (!command) {
      command = "missing.command";
    }
    this.command = command;
    this.properties = properties;
    this.message = message;
  }
  toString() {
    let cmdStr = CMD_STRING + this.command;
    if (this.properties && Object.keys(this.properties).length > 0) {
      cmdStr += " ";
      let first = true;
      for (const key2 in this.properties) {
        if (this.properties.hasOwnProperty(key2)) {
          const val = this.properties[key2];
          if (val) {
            if (first) {
              first = false;
            } else {
              cmdStr += ",";
            }
            cmdStr += `${key2}=${escapeProperty(val)}`;
          }
        }
      }
    }
    cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
    return cmdStr;
  }
};
function escapeData(s3) {
  return toCommandValue(s3).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}
function escapeProperty(s3) {
  return toCommandValue(s3).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A").replace(/:/g, "%3A").replace(/,/g, "%2C");
}

// node_modules/@actions/core/lib/file-command.js
var crypto = __toESM(require("crypto"), 1);
var fs2 = __toESM(require("fs"), 1);
var os3 = __toESM(require("os"), 1);
function issueFileCommand(command, message) {
  const filePath = process.env[`GITHUB_${command}`];
  if (!filePath) {
    throw new Error(`Unable to find environment variable for file command ${command}`);
  }
  if (!fs2.existsSync(filePath)) {
    throw new Error(`Missing file at path: ${filePath}`);
  }
  fs2.appendFileSync(filePath, `${toCommandValue(message)}${os3.EOL}`, {
    encoding: "utf8"
  });
}
function prepareKeyValueMessage(key2, value) {
  const delimiter3 = `ghadelimiter_${crypto.randomUUID()}`;
  const convertedValue = toCommandValue(value);
  if (key2.includes(delimiter3)) {
    throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter3}"`);
  }
  if (convertedValue.includes(delimiter3)) {
    throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter3}"`);
  }
  return `${key2}<<${delimiter3}${os3.EOL}${convertedValue}${os3.EOL}${delimiter3}`;
}

// node_modules/@actions/core/lib/core.js
var os6 = __toESM(require("os"), 1);
var path7 = __toESM(require("path"), 1);

// scripts/no-http-client.ts
function HttpClient() {
  throw new Error("the action asks GitHub for nothing");
}
function BearerCredentialHandler() {
  throw new Error("the action asks GitHub for nothing");
}

// node_modules/@actions/core/lib/oidc-utils.js
var __awaiter = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
var OidcClient = class _OidcClient {
  static createHttpClient(allowRetry = true, maxRetry = 10) {
    const requestOptions = {
      allowRetries: allowRetry,
      maxRetries: maxRetry
    };
    return new HttpClient("actions/oidc-client", [new BearerCredentialHandler(_OidcClient.getRequestToken())], requestOptions);
  }
  static getRequestToken() {
    const token = process.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
    if (!token) {
      throw new Error("Unable to get ACTIONS_ID_TOKEN_REQUEST_TOKEN env variable");
    }
    return token;
  }
  static getIDTokenUrl() {
    const runtimeUrl = process.env["ACTIONS_ID_TOKEN_REQUEST_URL"];
    if (!runtimeUrl) {
      throw new Error("Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable");
    }
    return runtimeUrl;
  }
  static getCall(id_token_url) {
    return __awaiter(this, void 0, void 0, function* () {
      var _a;
      const httpclient = _OidcClient.createHttpClient();
      const res = yield httpclient.getJson(id_token_url).catch((error2) => {
        throw new Error(`Failed to get ID Token. 
 
        Error Code : ${error2.statusCode}
 
        Error Message: ${error2.message}`);
      });
      const id_token = (_a = res.result) === null || _a === void 0 ? void 0 : _a.value;
      if (!id_token) {
        throw new Error("Response json body do not have ID Token field");
      }
      return id_token;
    });
  }
  static getIDToken(audience) {
    return __awaiter(this, void 0, void 0, function* () {
      try {
        let id_token_url = _OidcClient.getIDTokenUrl();
        if (audience) {
          const encodedAudience = encodeURIComponent(audience);
          id_token_url = `${id_token_url}&audience=${encodedAudience}`;
        }
        debug(`ID token url is ${id_token_url}`);
        const id_token = yield _OidcClient.getCall(id_token_url);
        setSecret(id_token);
        return id_token;
      } catch (error2) {
        throw new Error(`Error message: ${error2.message}`);
      }
    });
  }
};

// node_modules/@actions/core/lib/summary.js
var import_os = require("os");
var import_fs5 = require("fs");
var __awaiter2 = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
var { access, appendFile, writeFile: writeFile6 } = import_fs5.promises;
var SUMMARY_ENV_VAR = "GITHUB_STEP_SUMMARY";
var Summary = class {
  constructor() {
    this._buffer = "";
  }
  /**
   * Finds the summary file path from the environment, rejects if env var is not found or file does not exist
   * Also checks r/w permissions.
   *
   * @returns step summary file path
   */
  filePath() {
    return __awaiter2(this, void 0, void 0, function* () {
      if (this._filePath) {
        return this._filePath;
      }
      const pathFromEnv = process.env[SUMMARY_ENV_VAR];
      if (!pathFromEnv) {
        throw new Error(`Unable to find environment variable for $${SUMMARY_ENV_VAR}. Check if your runtime environment supports job summaries.`);
      }
      try {
        yield access(pathFromEnv, import_fs5.constants.R_OK | import_fs5.constants.W_OK);
      } catch (_a) {
        throw new Error(`Unable to access summary file: '${pathFromEnv}'. Check if the file has correct read/write permissions.`);
      }
      this._filePath = pathFromEnv;
      return this._filePath;
    });
  }
  /**
   * Wraps content in an HTML tag, adding any HTML attributes
   *
   * @param {string} tag HTML tag to wrap
   * @param {string | null} content content within the tag
   * @param {[attribute: string]: string} attrs key-value list of HTML attributes to add
   *
   * @returns {string} content wrapped in HTML element
   */
  wrap(tag, content, attrs = {}) {
    const htmlAttrs = Object.entries(attrs).map(([key2, value]) => ` ${key2}="${value}"`).join("");
    if (!content) {
      return `<${tag}${htmlAttrs}>`;
    }
    return `<${tag}${htmlAttrs}>${content}</${tag}>`;
  }
  /**
   * Writes text in the buffer to the summary buffer file and empties buffer. Will append by default.
   *
   * @param {SummaryWriteOptions} [options] (optional) options for write operation
   *
   * @returns {Promise<Summary>} summary instance
   */
  write(options) {
    return __awaiter2(this, void 0, void 0, function* () {
      const overwrite = !!(options === null || options === void 0 ? void 0 : options.overwrite);
      const filePath = yield this.filePath();
      const writeFunc = overwrite ? writeFile6 : appendFile;
      yield writeFunc(filePath, this._buffer, { encoding: "utf8" });
      return this.emptyBuffer();
    });
  }
  /**
   * Clears the summary buffer and wipes the summary file
   *
   * @returns {Summary} summary instance
   */
  clear() {
    return __awaiter2(this, void 0, void 0, function* () {
      return this.emptyBuffer().write({ overwrite: true });
    });
  }
  /**
   * Returns the current summary buffer as a string
   *
   * @returns {string} string of summary buffer
   */
  stringify() {
    return this._buffer;
  }
  /**
   * If the summary buffer is empty
   *
   * @returns {boolen} true if the buffer is empty
   */
  isEmptyBuffer() {
    return this._buffer.length === 0;
  }
  /**
   * Resets the summary buffer without writing to summary file
   *
   * @returns {Summary} summary instance
   */
  emptyBuffer() {
    this._buffer = "";
    return this;
  }
  /**
   * Adds raw text to the summary buffer
   *
   * @param {string} text content to add
   * @param {boolean} [addEOL=false] (optional) append an EOL to the raw text (default: false)
   *
   * @returns {Summary} summary instance
   */
  addRaw(text3, addEOL = false) {
    this._buffer += text3;
    return addEOL ? this.addEOL() : this;
  }
  /**
   * Adds the operating system-specific end-of-line marker to the buffer
   *
   * @returns {Summary} summary instance
   */
  addEOL() {
    return this.addRaw(import_os.EOL);
  }
  /**
   * Adds an HTML codeblock to the summary buffer
   *
   * @param {string} code content to render within fenced code block
   * @param {string} lang (optional) language to syntax highlight code
   *
   * @returns {Summary} summary instance
   */
  addCodeBlock(code3, lang) {
    const attrs = Object.assign({}, lang && { lang });
    const element = this.wrap("pre", this.wrap("code", code3), attrs);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML list to the summary buffer
   *
   * @param {string[]} items list of items to render
   * @param {boolean} [ordered=false] (optional) if the rendered list should be ordered or not (default: false)
   *
   * @returns {Summary} summary instance
   */
  addList(items, ordered = false) {
    const tag = ordered ? "ol" : "ul";
    const listItems = items.map((item) => this.wrap("li", item)).join("");
    const element = this.wrap(tag, listItems);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML table to the summary buffer
   *
   * @param {SummaryTableCell[]} rows table rows
   *
   * @returns {Summary} summary instance
   */
  addTable(rows) {
    const tableBody = rows.map((row) => {
      const cells = row.map((cell) => {
        if (typeof cell === "string") {
          return this.wrap("td", cell);
        }
        const { header, data, colspan, rowspan } = cell;
        const tag = header ? "th" : "td";
        const attrs = Object.assign(Object.assign({}, colspan && { colspan }), rowspan && { rowspan });
        return this.wrap(tag, data, attrs);
      }).join("");
      return this.wrap("tr", cells);
    }).join("");
    const element = this.wrap("table", tableBody);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds a collapsable HTML details element to the summary buffer
   *
   * @param {string} label text for the closed state
   * @param {string} content collapsable content
   *
   * @returns {Summary} summary instance
   */
  addDetails(label, content) {
    const element = this.wrap("details", this.wrap("summary", label) + content);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML image tag to the summary buffer
   *
   * @param {string} src path to the image you to embed
   * @param {string} alt text description of the image
   * @param {SummaryImageOptions} options (optional) addition image attributes
   *
   * @returns {Summary} summary instance
   */
  addImage(src, alt, options) {
    const { width, height } = options || {};
    const attrs = Object.assign(Object.assign({}, width && { width }), height && { height });
    const element = this.wrap("img", null, Object.assign({ src, alt }, attrs));
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML section heading element
   *
   * @param {string} text heading text
   * @param {number | string} [level=1] (optional) the heading level, default: 1
   *
   * @returns {Summary} summary instance
   */
  addHeading(text3, level) {
    const tag = `h${level}`;
    const allowedTag = ["h1", "h2", "h3", "h4", "h5", "h6"].includes(tag) ? tag : "h1";
    const element = this.wrap(allowedTag, text3);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML thematic break (<hr>) to the summary buffer
   *
   * @returns {Summary} summary instance
   */
  addSeparator() {
    const element = this.wrap("hr", null);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML line break (<br>) to the summary buffer
   *
   * @returns {Summary} summary instance
   */
  addBreak() {
    const element = this.wrap("br", null);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML blockquote to the summary buffer
   *
   * @param {string} text quote text
   * @param {string} cite (optional) citation url
   *
   * @returns {Summary} summary instance
   */
  addQuote(text3, cite) {
    const attrs = Object.assign({}, cite && { cite });
    const element = this.wrap("blockquote", text3, attrs);
    return this.addRaw(element).addEOL();
  }
  /**
   * Adds an HTML anchor tag to the summary buffer
   *
   * @param {string} text link text/content
   * @param {string} href hyperlink
   *
   * @returns {Summary} summary instance
   */
  addLink(text3, href) {
    const element = this.wrap("a", text3, { href });
    return this.addRaw(element).addEOL();
  }
};
var _summary = new Summary();
var markdownSummary = _summary;
var summary = _summary;

// node_modules/@actions/core/lib/path-utils.js
var path3 = __toESM(require("path"), 1);
function toPosixPath(pth) {
  return pth.replace(/[\\]/g, "/");
}
function toWin32Path(pth) {
  return pth.replace(/[/]/g, "\\");
}
function toPlatformPath(pth) {
  return pth.replace(/[/\\]/g, path3.sep);
}

// node_modules/@actions/core/lib/platform.js
var platform_exports = {};
__export(platform_exports, {
  arch: () => arch3,
  getDetails: () => getDetails,
  isLinux: () => isLinux,
  isMacOS: () => isMacOS,
  isWindows: () => isWindows,
  platform: () => platform
});
var import_os2 = __toESM(require("os"), 1);

// node_modules/@actions/exec/lib/exec.js
var import_string_decoder = require("string_decoder");

// node_modules/@actions/exec/lib/toolrunner.js
var os4 = __toESM(require("os"), 1);
var events = __toESM(require("events"), 1);
var child = __toESM(require("child_process"), 1);
var path6 = __toESM(require("path"), 1);

// node_modules/@actions/io/lib/io.js
var path5 = __toESM(require("path"), 1);

// node_modules/@actions/io/lib/io-util.js
var fs3 = __toESM(require("fs"), 1);
var path4 = __toESM(require("path"), 1);
var __awaiter3 = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
var { chmod: chmod4, copyFile, lstat, mkdir: mkdir8, open: open6, readdir: readdir3, rename: rename5, rm: rm10, rmdir, stat: stat3, symlink: symlink2, unlink } = fs3.promises;
var IS_WINDOWS = process.platform === "win32";
var READONLY = fs3.constants.O_RDONLY;
function exists(fsPath) {
  return __awaiter3(this, void 0, void 0, function* () {
    try {
      yield stat3(fsPath);
    } catch (err) {
      if (err.code === "ENOENT") {
        return false;
      }
      throw err;
    }
    return true;
  });
}
function isRooted(p2) {
  p2 = normalizeSeparators(p2);
  if (!p2) {
    throw new Error('isRooted() parameter "p" cannot be empty');
  }
  if (IS_WINDOWS) {
    return p2.startsWith("\\") || /^[A-Z]:/i.test(p2);
  }
  return p2.startsWith("/");
}
function tryGetExecutablePath(filePath, extensions) {
  return __awaiter3(this, void 0, void 0, function* () {
    let stats = void 0;
    try {
      stats = yield stat3(filePath);
    } catch (err) {
      if (err.code !== "ENOENT") {
        console.log(`Unexpected error attempting to determine if executable file exists '${filePath}': ${err}`);
      }
    }
    if (stats && stats.isFile()) {
      if (IS_WINDOWS) {
        const upperExt = path4.extname(filePath).toUpperCase();
        if (extensions.some((validExt) => validExt.toUpperCase() === upperExt)) {
          return filePath;
        }
      } else {
        if (isUnixExecutable(stats)) {
          return filePath;
        }
      }
    }
    const originalFilePath = filePath;
    for (const extension of extensions) {
      filePath = originalFilePath + extension;
      stats = void 0;
      try {
        stats = yield stat3(filePath);
      } catch (err) {
        if (err.code !== "ENOENT") {
          console.log(`Unexpected error attempting to determine if executable file exists '${filePath}': ${err}`);
        }
      }
      if (stats && stats.isFile()) {
        if (IS_WINDOWS) {
          try {
            const directory = path4.dirname(filePath);
            const upperName = path4.basename(filePath).toUpperCase();
            for (const actualName of yield readdir3(directory)) {
              if (upperName === actualName.toUpperCase()) {
                filePath = path4.join(directory, actualName);
                break;
              }
            }
          } catch (err) {
            console.log(`Unexpected error attempting to determine the actual case of the file '${filePath}': ${err}`);
          }
          return filePath;
        } else {
          if (isUnixExecutable(stats)) {
            return filePath;
          }
        }
      }
    }
    return "";
  });
}
function normalizeSeparators(p2) {
  p2 = p2 || "";
  if (IS_WINDOWS) {
    p2 = p2.replace(/\//g, "\\");
    return p2.replace(/\\\\+/g, "\\");
  }
  return p2.replace(/\/\/+/g, "/");
}
function isUnixExecutable(stats) {
  return (stats.mode & 1) > 0 || (stats.mode & 8) > 0 && process.getgid !== void 0 && stats.gid === process.getgid() || (stats.mode & 64) > 0 && process.getuid !== void 0 && stats.uid === process.getuid();
}

// node_modules/@actions/io/lib/io.js
var __awaiter4 = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
function which(tool, check2) {
  return __awaiter4(this, void 0, void 0, function* () {
    if (!tool) {
      throw new Error("parameter 'tool' is required");
    }
    if (check2) {
      const result = yield which(tool, false);
      if (!result) {
        if (IS_WINDOWS) {
          throw new Error(`Unable to locate executable file: ${tool}. Please verify either the file path exists or the file can be found within a directory specified by the PATH environment variable. Also verify the file has a valid extension for an executable file.`);
        } else {
          throw new Error(`Unable to locate executable file: ${tool}. Please verify either the file path exists or the file can be found within a directory specified by the PATH environment variable. Also check the file mode to verify the file is executable.`);
        }
      }
      return result;
    }
    const matches2 = yield findInPath(tool);
    if (matches2 && matches2.length > 0) {
      return matches2[0];
    }
    return "";
  });
}
function findInPath(tool) {
  return __awaiter4(this, void 0, void 0, function* () {
    if (!tool) {
      throw new Error("parameter 'tool' is required");
    }
    const extensions = [];
    if (IS_WINDOWS && process.env["PATHEXT"]) {
      for (const extension of process.env["PATHEXT"].split(path5.delimiter)) {
        if (extension) {
          extensions.push(extension);
        }
      }
    }
    if (isRooted(tool)) {
      const filePath = yield tryGetExecutablePath(tool, extensions);
      if (filePath) {
        return [filePath];
      }
      return [];
    }
    if (tool.includes(path5.sep)) {
      return [];
    }
    const directories = [];
    if (process.env.PATH) {
      for (const p2 of process.env.PATH.split(path5.delimiter)) {
        if (p2) {
          directories.push(p2);
        }
      }
    }
    const matches2 = [];
    for (const directory of directories) {
      const filePath = yield tryGetExecutablePath(path5.join(directory, tool), extensions);
      if (filePath) {
        matches2.push(filePath);
      }
    }
    return matches2;
  });
}

// node_modules/@actions/exec/lib/toolrunner.js
var import_timers = require("timers");
var __awaiter5 = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
var IS_WINDOWS2 = process.platform === "win32";
var ToolRunner = class extends events.EventEmitter {
  constructor(toolPath, args, options) {
    super();
    if (!toolPath) {
      throw new Error("Parameter 'toolPath' cannot be null or empty.");
    }
    this.toolPath = toolPath;
    this.args = args || [];
    this.options = options || {};
  }
  _debug(message) {
    if (this.options.listeners && this.options.listeners.debug) {
      this.options.listeners.debug(message);
    }
  }
  _getCommandString(options, noPrefix) {
    const toolPath = this._getSpawnFileName();
    const args = this._getSpawnArgs(options);
    let cmd = noPrefix ? "" : "[command]";
    if (IS_WINDOWS2) {
      if (this._isCmdFile()) {
        cmd += toolPath;
        for (const a of args) {
          cmd += ` ${a}`;
        }
      } else if (options.windowsVerbatimArguments) {
        cmd += `"${toolPath}"`;
        for (const a of args) {
          cmd += ` ${a}`;
        }
      } else {
        cmd += this._windowsQuoteCmdArg(toolPath);
        for (const a of args) {
          cmd += ` ${this._windowsQuoteCmdArg(a)}`;
        }
      }
    } else {
      cmd += toolPath;
      for (const a of args) {
        cmd += ` ${a}`;
      }
    }
    return cmd;
  }
  _processLineBuffer(data, strBuffer, onLine) {
    try {
      let s3 = strBuffer + data.toString();
      let n = s3.indexOf(os4.EOL);
      while (n > -1) {
        const line = s3.substring(0, n);
        onLine(line);
        s3 = s3.substring(n + os4.EOL.length);
        n = s3.indexOf(os4.EOL);
      }
      return s3;
    } catch (err) {
      this._debug(`error processing line. Failed with error ${err}`);
      return "";
    }
  }
  _getSpawnFileName() {
    if (IS_WINDOWS2) {
      if (this._isCmdFile()) {
        return process.env["COMSPEC"] || "cmd.exe";
      }
    }
    return this.toolPath;
  }
  _getSpawnArgs(options) {
    if (IS_WINDOWS2) {
      if (this._isCmdFile()) {
        let argline = `/D /S /C "${this._windowsQuoteCmdArg(this.toolPath)}`;
        for (const a of this.args) {
          argline += " ";
          argline += options.windowsVerbatimArguments ? a : this._windowsQuoteCmdArg(a);
        }
        argline += '"';
        return [argline];
      }
    }
    return this.args;
  }
  _endsWith(str2, end) {
    return str2.endsWith(end);
  }
  _isCmdFile() {
    const upperToolPath = this.toolPath.toUpperCase();
    return this._endsWith(upperToolPath, ".CMD") || this._endsWith(upperToolPath, ".BAT");
  }
  _windowsQuoteCmdArg(arg) {
    if (!this._isCmdFile()) {
      return this._uvQuoteCmdArg(arg);
    }
    if (!arg) {
      return '""';
    }
    const cmdSpecialChars = [
      " ",
      "	",
      "&",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "^",
      "=",
      ";",
      "!",
      "'",
      "+",
      ",",
      "`",
      "~",
      "|",
      "<",
      ">",
      '"'
    ];
    let needsQuotes = false;
    for (const char of arg) {
      if (cmdSpecialChars.some((x) => x === char)) {
        needsQuotes = true;
        break;
      }
    }
    if (!needsQuotes) {
      return arg;
    }
    let reverse = '"';
    let quoteHit = true;
    for (let i = arg.length; i > 0; i--) {
      reverse += arg[i - 1];
      if (quoteHit && arg[i - 1] === "\\") {
        reverse += "\\";
      } else if (arg[i - 1] === '"') {
        quoteHit = true;
        reverse += '"';
      } else {
        quoteHit = false;
      }
    }
    reverse += '"';
    return reverse.split("").reverse().join("");
  }
  _uvQuoteCmdArg(arg) {
    if (!arg) {
      return '""';
    }
    if (!arg.includes(" ") && !arg.includes("	") && !arg.includes('"')) {
      return arg;
    }
    if (!arg.includes('"') && !arg.includes("\\")) {
      return `"${arg}"`;
    }
    let reverse = '"';
    let quoteHit = true;
    for (let i = arg.length; i > 0; i--) {
      reverse += arg[i - 1];
      if (quoteHit && arg[i - 1] === "\\") {
        reverse += "\\";
      } else if (arg[i - 1] === '"') {
        quoteHit = true;
        reverse += "\\";
      } else {
        quoteHit = false;
      }
    }
    reverse += '"';
    return reverse.split("").reverse().join("");
  }
  _cloneExecOptions(options) {
    options = options || {};
    const result = {
      cwd: options.cwd || process.cwd(),
      env: options.env || process.env,
      silent: options.silent || false,
      windowsVerbatimArguments: options.windowsVerbatimArguments || false,
      failOnStdErr: options.failOnStdErr || false,
      ignoreReturnCode: options.ignoreReturnCode || false,
      delay: options.delay || 1e4
    };
    result.outStream = options.outStream || process.stdout;
    result.errStream = options.errStream || process.stderr;
    return result;
  }
  _getSpawnOptions(options, toolPath) {
    options = options || {};
    const result = {};
    result.cwd = options.cwd;
    result.env = options.env;
    result["windowsVerbatimArguments"] = options.windowsVerbatimArguments || this._isCmdFile();
    if (options.windowsVerbatimArguments) {
      result.argv0 = `"${toolPath}"`;
    }
    return result;
  }
  /**
   * Exec a tool.
   * Output will be streamed to the live console.
   * Returns promise with return code
   *
   * @param     tool     path to tool to exec
   * @param     options  optional exec options.  See ExecOptions
   * @returns   number
   */
  exec() {
    return __awaiter5(this, void 0, void 0, function* () {
      if (!isRooted(this.toolPath) && (this.toolPath.includes("/") || IS_WINDOWS2 && this.toolPath.includes("\\"))) {
        this.toolPath = path6.resolve(process.cwd(), this.options.cwd || process.cwd(), this.toolPath);
      }
      this.toolPath = yield which(this.toolPath, true);
      return new Promise((resolve10, reject) => __awaiter5(this, void 0, void 0, function* () {
        this._debug(`exec tool: ${this.toolPath}`);
        this._debug("arguments:");
        for (const arg of this.args) {
          this._debug(`   ${arg}`);
        }
        const optionsNonNull = this._cloneExecOptions(this.options);
        if (!optionsNonNull.silent && optionsNonNull.outStream) {
          optionsNonNull.outStream.write(this._getCommandString(optionsNonNull) + os4.EOL);
        }
        const state = new ExecState(optionsNonNull, this.toolPath);
        state.on("debug", (message) => {
          this._debug(message);
        });
        if (this.options.cwd && !(yield exists(this.options.cwd))) {
          return reject(new Error(`The cwd: ${this.options.cwd} does not exist!`));
        }
        const fileName = this._getSpawnFileName();
        const cp = child.spawn(fileName, this._getSpawnArgs(optionsNonNull), this._getSpawnOptions(this.options, fileName));
        let stdbuffer = "";
        if (cp.stdout) {
          cp.stdout.on("data", (data) => {
            if (this.options.listeners && this.options.listeners.stdout) {
              this.options.listeners.stdout(data);
            }
            if (!optionsNonNull.silent && optionsNonNull.outStream) {
              optionsNonNull.outStream.write(data);
            }
            stdbuffer = this._processLineBuffer(data, stdbuffer, (line) => {
              if (this.options.listeners && this.options.listeners.stdline) {
                this.options.listeners.stdline(line);
              }
            });
          });
        }
        let errbuffer = "";
        if (cp.stderr) {
          cp.stderr.on("data", (data) => {
            state.processStderr = true;
            if (this.options.listeners && this.options.listeners.stderr) {
              this.options.listeners.stderr(data);
            }
            if (!optionsNonNull.silent && optionsNonNull.errStream && optionsNonNull.outStream) {
              const s3 = optionsNonNull.failOnStdErr ? optionsNonNull.errStream : optionsNonNull.outStream;
              s3.write(data);
            }
            errbuffer = this._processLineBuffer(data, errbuffer, (line) => {
              if (this.options.listeners && this.options.listeners.errline) {
                this.options.listeners.errline(line);
              }
            });
          });
        }
        cp.on("error", (err) => {
          state.processError = err.message;
          state.processExited = true;
          state.processClosed = true;
          state.CheckComplete();
        });
        cp.on("exit", (code3) => {
          state.processExitCode = code3;
          state.processExited = true;
          this._debug(`Exit code ${code3} received from tool '${this.toolPath}'`);
          state.CheckComplete();
        });
        cp.on("close", (code3) => {
          state.processExitCode = code3;
          state.processExited = true;
          state.processClosed = true;
          this._debug(`STDIO streams have closed for tool '${this.toolPath}'`);
          state.CheckComplete();
        });
        state.on("done", (error2, exitCode2) => {
          if (stdbuffer.length > 0) {
            this.emit("stdline", stdbuffer);
          }
          if (errbuffer.length > 0) {
            this.emit("errline", errbuffer);
          }
          cp.removeAllListeners();
          if (error2) {
            reject(error2);
          } else {
            resolve10(exitCode2);
          }
        });
        if (this.options.input) {
          if (!cp.stdin) {
            throw new Error("child process missing stdin");
          }
          cp.stdin.end(this.options.input);
        }
      }));
    });
  }
};
function argStringToArray(argString) {
  const args = [];
  let inQuotes = false;
  let escaped3 = false;
  let arg = "";
  function append(c) {
    if (escaped3 && c !== '"') {
      arg += "\\";
    }
    arg += c;
    escaped3 = false;
  }
  for (let i = 0; i < argString.length; i++) {
    const c = argString.charAt(i);
    if (c === '"') {
      if (!escaped3) {
        inQuotes = !inQuotes;
      } else {
        append(c);
      }
      continue;
    }
    if (c === "\\" && escaped3) {
      append(c);
      continue;
    }
    if (c === "\\" && inQuotes) {
      escaped3 = true;
      continue;
    }
    if (c === " " && !inQuotes) {
      if (arg.length > 0) {
        args.push(arg);
        arg = "";
      }
      continue;
    }
    append(c);
  }
  if (arg.length > 0) {
    args.push(arg.trim());
  }
  return args;
}
var ExecState = class _ExecState extends events.EventEmitter {
  constructor(options, toolPath) {
    super();
    this.processClosed = false;
    this.processError = "";
    this.processExitCode = 0;
    this.processExited = false;
    this.processStderr = false;
    this.delay = 1e4;
    this.done = false;
    this.timeout = null;
    if (!toolPath) {
      throw new Error("toolPath must not be empty");
    }
    this.options = options;
    this.toolPath = toolPath;
    if (options.delay) {
      this.delay = options.delay;
    }
  }
  CheckComplete() {
    if (this.done) {
      return;
    }
    if (this.processClosed) {
      this._setResult();
    } else if (this.processExited) {
      this.timeout = (0, import_timers.setTimeout)(_ExecState.HandleTimeout, this.delay, this);
    }
  }
  _debug(message) {
    this.emit("debug", message);
  }
  _setResult() {
    let error2;
    if (this.processExited) {
      if (this.processError) {
        error2 = new Error(`There was an error when attempting to execute the process '${this.toolPath}'. This may indicate the process failed to start. Error: ${this.processError}`);
      } else if (this.processExitCode !== 0 && !this.options.ignoreReturnCode) {
        error2 = new Error(`The process '${this.toolPath}' failed with exit code ${this.processExitCode}`);
      } else if (this.processStderr && this.options.failOnStdErr) {
        error2 = new Error(`The process '${this.toolPath}' failed because one or more lines were written to the STDERR stream`);
      }
    }
    if (this.timeout) {
      clearTimeout(this.timeout);
      this.timeout = null;
    }
    this.done = true;
    this.emit("done", error2, this.processExitCode);
  }
  static HandleTimeout(state) {
    if (state.done) {
      return;
    }
    if (!state.processClosed && state.processExited) {
      const message = `The STDIO streams did not close within ${state.delay / 1e3} seconds of the exit event from process '${state.toolPath}'. This may indicate a child process inherited the STDIO streams and has not yet exited.`;
      state._debug(message);
    }
    state._setResult();
  }
};

// node_modules/@actions/exec/lib/exec.js
var __awaiter6 = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
function exec(commandLine, args, options) {
  return __awaiter6(this, void 0, void 0, function* () {
    const commandArgs = argStringToArray(commandLine);
    if (commandArgs.length === 0) {
      throw new Error(`Parameter 'commandLine' cannot be null or empty.`);
    }
    const toolPath = commandArgs[0];
    args = commandArgs.slice(1).concat(args || []);
    const runner = new ToolRunner(toolPath, args, options);
    return runner.exec();
  });
}
function getExecOutput(commandLine, args, options) {
  return __awaiter6(this, void 0, void 0, function* () {
    var _a, _b;
    let stdout = "";
    let stderr = "";
    const stdoutDecoder = new import_string_decoder.StringDecoder("utf8");
    const stderrDecoder = new import_string_decoder.StringDecoder("utf8");
    const originalStdoutListener = (_a = options === null || options === void 0 ? void 0 : options.listeners) === null || _a === void 0 ? void 0 : _a.stdout;
    const originalStdErrListener = (_b = options === null || options === void 0 ? void 0 : options.listeners) === null || _b === void 0 ? void 0 : _b.stderr;
    const stdErrListener = (data) => {
      stderr += stderrDecoder.write(data);
      if (originalStdErrListener) {
        originalStdErrListener(data);
      }
    };
    const stdOutListener = (data) => {
      stdout += stdoutDecoder.write(data);
      if (originalStdoutListener) {
        originalStdoutListener(data);
      }
    };
    const listeners = Object.assign(Object.assign({}, options === null || options === void 0 ? void 0 : options.listeners), { stdout: stdOutListener, stderr: stdErrListener });
    const exitCode2 = yield exec(commandLine, args, Object.assign(Object.assign({}, options), { listeners }));
    stdout += stdoutDecoder.end();
    stderr += stderrDecoder.end();
    return {
      exitCode: exitCode2,
      stdout,
      stderr
    };
  });
}

// node_modules/@actions/core/lib/platform.js
var __awaiter7 = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
var getWindowsInfo = () => __awaiter7(void 0, void 0, void 0, function* () {
  const { stdout: version } = yield getExecOutput('powershell -command "(Get-CimInstance -ClassName Win32_OperatingSystem).Version"', void 0, {
    silent: true
  });
  const { stdout: name2 } = yield getExecOutput('powershell -command "(Get-CimInstance -ClassName Win32_OperatingSystem).Caption"', void 0, {
    silent: true
  });
  return {
    name: name2.trim(),
    version: version.trim()
  };
});
var getMacOsInfo = () => __awaiter7(void 0, void 0, void 0, function* () {
  var _a, _b, _c, _d;
  const { stdout } = yield getExecOutput("sw_vers", void 0, {
    silent: true
  });
  const version = (_b = (_a = stdout.match(/ProductVersion:\s*(.+)/)) === null || _a === void 0 ? void 0 : _a[1]) !== null && _b !== void 0 ? _b : "";
  const name2 = (_d = (_c = stdout.match(/ProductName:\s*(.+)/)) === null || _c === void 0 ? void 0 : _c[1]) !== null && _d !== void 0 ? _d : "";
  return {
    name: name2,
    version
  };
});
var getLinuxInfo = () => __awaiter7(void 0, void 0, void 0, function* () {
  const { stdout } = yield getExecOutput("lsb_release", ["-i", "-r", "-s"], {
    silent: true
  });
  const [name2, version] = stdout.trim().split("\n");
  return {
    name: name2,
    version
  };
});
var platform = import_os2.default.platform();
var arch3 = import_os2.default.arch();
var isWindows = platform === "win32";
var isMacOS = platform === "darwin";
var isLinux = platform === "linux";
function getDetails() {
  return __awaiter7(this, void 0, void 0, function* () {
    return Object.assign(Object.assign({}, yield isWindows ? getWindowsInfo() : isMacOS ? getMacOsInfo() : getLinuxInfo()), {
      platform,
      arch: arch3,
      isWindows,
      isMacOS,
      isLinux
    });
  });
}

// node_modules/@actions/core/lib/core.js
var __awaiter8 = function(thisArg, _arguments, P2, generator) {
  function adopt(value) {
    return value instanceof P2 ? value : new P2(function(resolve10) {
      resolve10(value);
    });
  }
  return new (P2 || (P2 = Promise))(function(resolve10, reject) {
    function fulfilled(value) {
      try {
        step(generator.next(value));
      } catch (e) {
        reject(e);
      }
    }
    function rejected(value) {
      try {
        step(generator["throw"](value));
      } catch (e) {
        reject(e);
      }
    }
    function step(result) {
      result.done ? resolve10(result.value) : adopt(result.value).then(fulfilled, rejected);
    }
    step((generator = generator.apply(thisArg, _arguments || [])).next());
  });
};
var ExitCode;
(function(ExitCode2) {
  ExitCode2[ExitCode2["Success"] = 0] = "Success";
  ExitCode2[ExitCode2["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
function exportVariable(name2, val) {
  const convertedVal = toCommandValue(val);
  process.env[name2] = convertedVal;
  const filePath = process.env["GITHUB_ENV"] || "";
  if (filePath) {
    return issueFileCommand("ENV", prepareKeyValueMessage(name2, val));
  }
  issueCommand("set-env", { name: name2 }, convertedVal);
}
function setSecret(secret2) {
  issueCommand("add-mask", {}, secret2);
}
function addPath(inputPath) {
  const filePath = process.env["GITHUB_PATH"] || "";
  if (filePath) {
    issueFileCommand("PATH", inputPath);
  } else {
    issueCommand("add-path", {}, inputPath);
  }
  process.env["PATH"] = `${inputPath}${path7.delimiter}${process.env["PATH"]}`;
}
function getInput(name2, options) {
  const val = process.env[`INPUT_${name2.replace(/ /g, "_").toUpperCase()}`] || "";
  if (options && options.required && !val) {
    throw new Error(`Input required and not supplied: ${name2}`);
  }
  if (options && options.trimWhitespace === false) {
    return val;
  }
  return val.trim();
}
function getMultilineInput(name2, options) {
  const inputs2 = getInput(name2, options).split("\n").filter((x) => x !== "");
  if (options && options.trimWhitespace === false) {
    return inputs2;
  }
  return inputs2.map((input) => input.trim());
}
function getBooleanInput(name2, options) {
  const trueValue = ["true", "True", "TRUE"];
  const falseValue = ["false", "False", "FALSE"];
  const val = getInput(name2, options);
  if (trueValue.includes(val))
    return true;
  if (falseValue.includes(val))
    return false;
  throw new TypeError(`Input does not meet YAML 1.2 "Core Schema" specification: ${name2}
Support boolean input list: \`true | True | TRUE | false | False | FALSE\``);
}
function setOutput(name2, value) {
  const filePath = process.env["GITHUB_OUTPUT"] || "";
  if (filePath) {
    return issueFileCommand("OUTPUT", prepareKeyValueMessage(name2, value));
  }
  process.stdout.write(os6.EOL);
  issueCommand("set-output", { name: name2 }, toCommandValue(value));
}
function setCommandEcho(enabled) {
  issue("echo", enabled ? "on" : "off");
}
function setFailed(message) {
  process.exitCode = ExitCode.Failure;
  error(message);
}
function isDebug() {
  return process.env["RUNNER_DEBUG"] === "1";
}
function debug(message) {
  issueCommand("debug", {}, message);
}
function error(message, properties = {}) {
  issueCommand("error", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function warning(message, properties = {}) {
  issueCommand("warning", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function notice(message, properties = {}) {
  issueCommand("notice", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function info(message) {
  process.stdout.write(message + os6.EOL);
}
function startGroup(name2) {
  issue("group", name2);
}
function endGroup2() {
  issue("endgroup");
}
function group(name2, fn) {
  return __awaiter8(this, void 0, void 0, function* () {
    startGroup(name2);
    let result;
    try {
      result = yield fn();
    } finally {
      endGroup2();
    }
    return result;
  });
}
function saveState(name2, value) {
  const filePath = process.env["GITHUB_STATE"] || "";
  if (filePath) {
    return issueFileCommand("STATE", prepareKeyValueMessage(name2, value));
  }
  issueCommand("save-state", { name: name2 }, toCommandValue(value));
}
function getState(name2) {
  return process.env[`STATE_${name2}`] || "";
}
function getIDToken(aud) {
  return __awaiter8(this, void 0, void 0, function* () {
    return yield OidcClient.getIDToken(aud);
  });
}

// packages/action/src/environment.ts
var import_promises32 = require("node:fs/promises");

// packages/action/src/event.ts
var import_promises29 = require("node:fs/promises");
var import_node_fs22 = require("node:fs");
var MAX_BYTES5 = 25 * 1024 * 1024;
async function readEvent(path8) {
  try {
    const file = await (0, import_promises29.open)(path8, import_node_fs22.constants.O_RDONLY | import_node_fs22.constants.O_NOFOLLOW | import_node_fs22.constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile() || found.size > MAX_BYTES5) return void 0;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(found.size), 0, found.size, 0);
      return asObject(JSON.parse(buffer.toString("utf8", 0, bytesRead)));
    } finally {
      await file.close();
    }
  } catch {
    return void 0;
  }
}
function isFromFork(name2, event) {
  if (event === void 0) return true;
  const own = nameOf2(event["repository"]);
  if (name2 === "workflow_run") return isForeign(own, asObject(event["workflow_run"])?.["head_repository"]);
  const pull = asObject(event["pull_request"]);
  if (pull !== void 0) return isForeign(own, asObject(pull["head"])?.["repo"]);
  return name2.startsWith("pull_request");
}
function isForeign(own, head) {
  return own === void 0 || nameOf2(head) !== own;
}
function nameOf2(repository) {
  const name2 = asObject(repository)?.["full_name"];
  return typeof name2 === "string" && name2 !== "" ? name2.toLowerCase() : void 0;
}
function asObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : void 0;
}

// packages/action/src/attributes.ts
function readAttributes(element, alone2) {
  const fields2 = element.split(",").map((field) => field.trim());
  const [first = ""] = fields2;
  if (fields2.length === 1 && !first.includes("=")) return /* @__PURE__ */ new Map([[alone2, first]]);
  return new Map(
    fields2.map((field) => {
      const at2 = field.indexOf("=");
      return at2 === -1 ? [field, ""] : [field.slice(0, at2).toLowerCase(), field.slice(at2 + 1)];
    })
  );
}

// packages/action/src/cache.ts
function readCache(inputs2, told) {
  const { cache, repository, tags } = inputs2;
  if (!["auto", "true", "false"].includes(cache.toLowerCase())) {
    told.problem(`\`cache\` is true, false or auto, not ${JSON.stringify(cache)}`);
    return void 0;
  }
  const named3 = namedRepository(repository, told) ?? referencedRepository(inputs2, told);
  if (inputs2.noCache || cache.toLowerCase() === "false") return void 0;
  if (named3 !== void 0) return onHub(named3, told);
  if (cache.toLowerCase() === "auto") return void 0;
  const [first] = tags;
  if (first === void 0) {
    told.problem("`cache: true` needs `cache-repository`, or `tags` to derive a repository from");
    return void 0;
  }
  return onHub(below(parseReference(first)), told);
}
function namedRepository(text3, told) {
  if (text3 === "") return void 0;
  const parsed = parsedOr(text3, "`cache-repository`", told);
  if (parsed === void 0) return void 0;
  if (parsed.tag === void 0 && parsed.digest === void 0) return nameOf3(parsed);
  told.problem("`cache-repository` is a repository without a tag");
  return void 0;
}
function referencedRepository({ from, to: to2, tags }, told) {
  const found = [
    ...from.flatMap((element) => referenceOf("cache-from", element, told) ?? []),
    ...to2.flatMap((element) => referenceOf("cache-to", element, told) ?? [])
  ];
  const repositories = [...new Set(found.map(nameOf3))];
  const [first] = found;
  if (first === void 0) return void 0;
  if (repositories.length > 1) {
    told.problem(
      `\`cache-from\` and \`cache-to\` name ${repositories.join(" and ")}; Kaniko looks for layers where it keeps them: name one repository`
    );
    return void 0;
  }
  const isImages = tags.some((tag) => nameOf3(parseReference(tag)) === nameOf3(first));
  const repository = isImages ? below(first) : nameOf3(first);
  told.notice(`Layers are kept in the repository ${repository}, each under a tag of its own.`);
  if (to2.length === 0) told.notice("`cache-from` is written to as well; `no-cache: true` leaves the cache out.");
  return repository;
}
function referenceOf(input, element, told) {
  const attributes = readAttributes(element, "ref");
  const type2 = attributes.get("type") ?? "registry";
  if (type2 !== "registry") {
    told.problem(
      `\`${input}\` has type=${type2}, but layers are cached in a registry alone: write \`cache-repository\`, or type=registry,ref=\u2026`
    );
    return void 0;
  }
  const extra = [...attributes.keys()].filter((key2) => !["type", "ref", "mode"].includes(key2));
  if (extra.length > 0) told.notice(`\`${input}\`: ${extra.join(", ")} means nothing to Kaniko's layers.`);
  const reference = attributes.get("ref");
  if (reference !== void 0 && reference !== "") return parsedOr(reference, `\`${input}\``, told);
  told.problem(`\`${input}\` has no ref=`);
  return void 0;
}
function onHub(repository, told) {
  const parts = repository.split("/");
  if (parts[0] !== "docker.io" || parts.length <= 3) return repository;
  const flat = parts.slice(1, 3).join("/");
  told.problem(
    `Docker Hub has no repository ${repository}, since names have two parts there: write \`cache-repository: ${flat}-cache\``
  );
  return void 0;
}
function below(reference) {
  return `${nameOf3(reference)}/cache`;
}
function nameOf3({ domain, repository }) {
  return formatReference({ domain, repository });
}
function parsedOr(text3, input, told) {
  try {
    return parseReference(text3);
  } catch (error2) {
    told.problem(`${input}: ${error2 instanceof Error ? error2.message : String(error2)}`);
    return void 0;
  }
}

// packages/action/src/context.ts
var import_node_fs23 = require("node:fs");
var import_promises30 = require("node:fs/promises");
var import_node_path34 = require("node:path");
var import_node_stream8 = require("node:stream");
var DEFAULT_CONTEXT = /\{\{\s*defaultContext\s*\}\}/;
function readContext2(context, file, workspace, problem) {
  const dockerfile = file === "" ? void 0 : file;
  if (DEFAULT_CONTEXT.test(context)) {
    problem("`context` has {{defaultContext}}: check the repository out with actions/checkout, and write a path");
    return void 0;
  }
  if (isGitUrl(context)) return { kind: "git", url: context, file: dockerfile };
  if (/^[a-z]+:\/\//i.test(context)) {
    problem(
      "`context` is a URL, but not that of a Git repository, which ends with .git: fetch the files in a step before"
    );
    return void 0;
  }
  return { kind: "path", path: (0, import_node_path34.resolve)(workspace, context), file: dockerfile };
}
async function openContext2(wanted, workspace) {
  const inContext2 = wanted.file === void 0 ? {} : { dockerfile: wanted.file };
  if (wanted.kind === "git") return { context: { kind: "git", url: wanted.url }, ...inContext2 };
  const { path: path8, file } = wanted;
  const found = await (0, import_promises30.stat)(path8).catch(() => void 0);
  if (found?.isDirectory() === true) {
    return {
      context: { kind: "directory", path: path8 },
      ...file === void 0 ? {} : { dockerfile: (0, import_node_path34.resolve)(workspace, file) }
    };
  }
  if (found?.isFile() === true) return { context: { kind: "archive", content: readLater(path8) }, ...inContext2 };
  const shown3 = (0, import_node_path34.relative)(workspace, path8);
  throw new Error(
    `\`context\`: there is no ${(0, import_node_path34.isAbsolute)(shown3) || shown3.startsWith("..") ? path8 : shown3 || path8}; is a step with actions/checkout before this one?`
  );
}
function readLater(path8) {
  return import_node_stream8.Readable.from(
    (async function* () {
      yield* (0, import_node_fs23.createReadStream)(path8);
    })(),
    { objectMode: false }
  );
}

// packages/action/src/docker-habits.ts
var ECR = /^\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$|^public\.ecr\.aws$/;
function sayWhatDiffers({ context, logins, secrets, buildArgs }, environment, problem, notice2) {
  for (const { registry: registry2, username } of logins) {
    if (!ECR.test(registry2) || username === "AWS") continue;
    problem(
      `the \`username\` for ${registry2} is AWS, and the \`password\` what \`aws ecr get-login-password\` prints: keys of AWS are not exchanged here`
    );
  }
  const tokens = secrets.map(({ id }) => id).filter((id) => /^GIT_AUTH_(?:TOKEN|HEADER)(?:\.|$)/.test(id));
  if (context.kind === "git" && tokens.length > 0) {
    problem(`\`secrets\`: ${tokens.join(", ")} is for RUN alone here; check the repository out with actions/checkout`);
  }
  const own = Object.keys(buildArgs).filter((name2) => name2.startsWith("BUILDKIT_"));
  if (own.length > 0) {
    notice2(`\`build-args\`: ${own.join(", ")} ${own.length === 1 ? "is" : "are"} BuildKit's own and mean nothing here.`);
  }
  if (environment["SOURCE_DATE_EPOCH"] !== void 0) {
    notice2("SOURCE_DATE_EPOCH changes nothing: the image has the times of its build.");
  }
}
function wantsSummary(environment) {
  return environment["DOCKER_BUILD_SUMMARY"]?.toLowerCase() !== "false";
}

// packages/action/src/durations.ts
var UNITS = { h: 36e5, m: 6e4, s: 1e3 };
function readDuration(text3) {
  if (!/^(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,6}s)?$/.test(text3) || text3 === "") return void 0;
  const parts = [...text3.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, number2, unit]) => sum + Number(number2) * UNITS[unit], 0);
}
function seconds(ms2) {
  if (ms2 < 50) return "< 0.1 s";
  if (ms2 < 59950) return `${(ms2 / 1e3).toFixed(1)} s`;
  const whole = Math.round(ms2 / 1e3);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

// packages/action/src/image-outputs.ts
var import_node_path35 = require("node:path");
var KNOWN = {
  registry: ["type", "name"],
  image: ["type", "name", "push"],
  docker: ["type", "dest"],
  oci: ["type", "dest", "tar"]
};
var INSTEAD = {
  "push-by-digest": "give the image a tag; the output `digest` has its digest",
  "registry.insecure": "name the registry in `insecure-registries`"
};
var HARMLESS = /* @__PURE__ */ new Set(["name-canonical", "store", "unpack", "force-compression"]);
var NOWHERE = "cacheonly";
var TRUE = /* @__PURE__ */ new Set(["1", "t", "T", "true", "TRUE", "True"]);
var FALSE = /* @__PURE__ */ new Set(["0", "f", "F", "false", "FALSE", "False"]);
var ARCHIVES2 = "write type=docker,dest=PATH or type=oci,dest=PATH for an archive of the image";
function readOutputs(elements2, workspace, problem) {
  const names = [];
  const files = [];
  let push = false;
  for (const element of elements2) {
    const attributes = readAttributes(element, "dest");
    const type2 = attributes.get("type") ?? "local";
    const known = Object.entries(KNOWN).find(([name2]) => name2 === type2)?.[1];
    if (type2 === NOWHERE) continue;
    const unknown = [...attributes].filter(([key2, value]) => known?.includes(key2) === false && !HARMLESS.has(key2) && !FALSE.has(value)).map(([key2]) => key2);
    const dest = attributes.get("dest") ?? "";
    if (known === void 0) {
      problem(`\`outputs\` of type=${type2} would be the files of the image, which are not exported here: ${ARCHIVES2}`);
    } else if (unknown.length > 0) {
      const instead = unknown.map(insteadOf);
      problem(`\`outputs\` of type=${type2} with ${unknown.join(", ")} is not possible here: ${instead.join("; ")}`);
    } else if (type2 === "docker" || type2 === "oci") {
      if (attributes.get("tar") === "false") problem(`\`outputs\` makes no directories: ${ARCHIVES2}`);
      else if (dest === "")
        problem(`\`outputs\` of type=${type2} has no dest=, and there is no Docker daemon to load into: ${ARCHIVES2}`);
      else files.push({ kind: type2, path: (0, import_node_path35.resolve)(workspace, dest) });
    } else {
      const isPush = attributes.get("push") ?? String(type2 === "registry");
      if (!TRUE.has(isPush) && !FALSE.has(isPush)) problem("`outputs`: push is true or false");
      push ||= TRUE.has(isPush);
      const name2 = attributes.get("name") ?? "";
      if (name2 !== "") names.push(name2);
    }
  }
  return { push, names, files };
}
function insteadOf(key2) {
  const [, known] = Object.entries(INSTEAD).find(([name2]) => name2 === key2) ?? [];
  return known ?? (/^annotation(?:-|\.|\[)/.test(key2) ? "write `annotations`" : `leave ${key2} out`);
}

// packages/action/src/input-table.ts
var NEVER = [""];
var UNLESS_FALSE = ["", "false", "False", "FALSE"];
var ATTEST = "sign the outputs `subject-name` and `digest` with actions/attest-build-provenance";
var INPUTS = [
  {
    name: "context",
    description: "Directory, tar archive (plain or gzip), or Git URL such as https://host/repository.git#ref:directory.",
    default: "."
  },
  { name: "file", description: "Path of the Dockerfile. Default: Dockerfile in the context." },
  { name: "tags", description: "Whole image references, one per line or separated by commas." },
  {
    name: "push",
    description: "true, false, or auto: push unless the run belongs to a pull request from a fork.",
    default: "false"
  },
  {
    name: "build-args",
    description: "KEY=VALUE, one per line; KEY alone takes the value of the environment. No secrets."
  },
  { name: "labels", description: "KEY=VALUE, one per line." },
  {
    name: "annotations",
    description: "KEY=VALUE of the manifest, one per line; a prefix manifest: is allowed."
  },
  { name: "target", description: "Stage of the Dockerfile to build." },
  { name: "platforms", description: "One platform, such as linux/amd64. Default: that of the builder." },
  { name: "no-cache", description: "Neither read nor write a layer cache.", default: "false" },
  {
    name: "cache-from",
    description: "type=registry,ref=\u2026 or an image reference: where layers are looked for and kept."
  },
  { name: "cache-to", description: "type=registry,ref=\u2026 of the same repository as cache-from." },
  { name: "secrets", description: "ID=VALUE, one per line, for RUN --mount=type=secret; longer values in quotes." },
  { name: "secret-envs", description: "ID=VARIABLE, one per line: the value is that of an environment variable." },
  { name: "secret-files", description: "ID=PATH, one per line: the value is the content of a file." },
  {
    name: "outputs",
    description: "type=registry, type=image,push=true, type=docker,dest=PATH or type=oci,dest=PATH, one per line."
  },
  {
    name: "load",
    description: "Load the image into the Docker daemon that builds it; the backend docker alone.",
    default: "false"
  },
  {
    name: "pull",
    description: "Ask the registry for newer base images.",
    default: "false",
    ignored: { unless: UNLESS_FALSE, because: "base images are always fetched from their registry" }
  },
  {
    name: "builder",
    description: "A builder of buildx.",
    ignored: { unless: NEVER, because: "no builder of buildx is used; `backend` and `engine` say what builds" }
  },
  {
    name: "github-token",
    description: "Token for Git contexts.",
    ignored: { unless: NEVER, because: "no token is sent to Git; check the repository out with actions/checkout" }
  },
  {
    name: "add-hosts",
    description: "Names and addresses for RUN.",
    refused: {
      unless: NEVER,
      instead: "give the name in DNS, or write it into /etc/hosts in the RUN line that needs it"
    }
  },
  {
    name: "allow",
    description: "Privileges for RUN.",
    refused: { unless: NEVER, instead: "builds here have no privilege to give; leave it out" }
  },
  {
    name: "attests",
    description: "Attestations of BuildKit.",
    refused: { unless: NEVER, instead: ATTEST }
  },
  {
    name: "build-contexts",
    description: "Further contexts by name.",
    refused: { unless: NEVER, instead: "put the files below `context`, or use COPY --from with an image" }
  },
  {
    name: "call",
    description: "How BuildKit treats the Dockerfile.",
    refused: { unless: ["", "build"], instead: "only builds are possible here; check Dockerfiles with hadolint" }
  },
  {
    name: "cgroup-parent",
    description: "The cgroup of RUN.",
    refused: { unless: NEVER, instead: "limit the build with `resources`" }
  },
  {
    name: "network",
    description: "The network of RUN.",
    refused: { unless: ["", "default"], instead: "RUN has the network of the build; leave it out" }
  },
  {
    name: "no-cache-filters",
    description: "Stages without cache.",
    refused: { unless: NEVER, instead: "write `no-cache: true`, which leaves the cache out for all stages" }
  },
  {
    name: "provenance",
    description: "Provenance of BuildKit.",
    refused: { unless: UNLESS_FALSE, instead: ATTEST }
  },
  {
    name: "sbom",
    description: "List of packages of BuildKit.",
    refused: {
      unless: UNLESS_FALSE,
      instead: "make it of the pushed image, with anchore/sbom-action and the output `image`"
    }
  },
  {
    name: "shm-size",
    description: "The size of /dev/shm for RUN.",
    refused: { unless: NEVER, instead: "limit the build with `resources`; /dev/shm is that of the pod" }
  },
  {
    name: "ssh",
    description: "SSH agents and keys for RUN.",
    refused: { unless: NEVER, instead: "give the key as one of `secrets`, and use it in RUN --mount=type=secret" }
  },
  {
    name: "ulimit",
    description: "Limits of RUN.",
    refused: { unless: NEVER, instead: "call ulimit in the RUN line that needs it" }
  },
  { name: "registry", description: "Host of the registry that username and password are for. Default: docker.io." },
  { name: "username", description: "User name for the registry." },
  { name: "password", description: "Password or token for the registry." },
  {
    name: "ecr",
    description: "Exchange keys of AWS for a login.",
    default: "auto",
    refused: {
      unless: ["", "auto", "false", "False", "FALSE"],
      instead: "give AWS as `username`, and what `aws ecr get-login-password` prints as `password`"
    }
  },
  {
    name: "scope",
    description: "What the login is for within its registry.",
    refused: { unless: NEVER, instead: "leave it out; a token is asked for with the scope of the push alone" }
  },
  { name: "registry-auth", description: "Several logins: a YAML list of registry, username and password." },
  {
    name: "logout",
    description: "true keeps the logins of this step in no file; false keeps them in docker's config.json, for later steps of the job.",
    default: "true"
  },
  {
    name: "cache",
    description: "true, false, or auto: a layer cache if a repository for layers is known.",
    default: "auto"
  },
  {
    name: "cache-repository",
    description: "Repository of cached layers. Default with cache: true: the repository of the first tag with /cache."
  },
  { name: "cache-ttl", description: "How long a cached layer is used, such as 336h.", default: "336h" },
  { name: "engine", description: "What builds: kaniko.", default: "kaniko" },
  {
    name: "engine-args",
    description: "Further arguments of the engine, one per line, never through a shell."
  },
  { name: "registry-mirrors", description: "Mirrors of Docker Hub, one per line." },
  {
    name: "insecure-registries",
    description: "Registries, as host or host:port, that speak plain HTTP; one per line. For localhost and private addresses Kaniko tries that by itself."
  },
  { name: "push-retry", description: "How often a push that failed is tried again, 0 to 10.", default: "3" },
  {
    name: "backend",
    description: "Where it runs: auto, broker, kubernetes, docker or local.",
    default: "auto"
  },
  { name: "kubeconfig", description: "Path or content of a kubeconfig, for backend kubernetes." },
  { name: "namespace", description: "Namespace of the build pod, for backend kubernetes." },
  {
    name: "connector",
    description: "An OCI Connector that the image is pushed through, as NAMESPACE/NAME or as a name in the namespace of the build pod; for backend kubernetes."
  },
  {
    name: "service-account",
    description: "Account of the build pod, which may get the connector; needed with connector."
  },
  { name: "resources", description: "Limits of the build, such as cpu=2,memory=4Gi,ephemeral-storage=20Gi." },
  { name: "node-selector", description: "Labels of nodes for the build pod: KEY=VALUE, by comma or line." },
  { name: "timeout", description: "How long the build may take in all, such as 45m.", default: "60m" },
  { name: "summary", description: "Write a summary of the job.", default: "true" }
];

// packages/action/src/key-values.ts
function splitPair2(text3) {
  const at2 = text3.indexOf("=");
  return at2 === -1 ? void 0 : [text3.slice(0, at2).trim(), text3.slice(at2 + 1)];
}
function variableOf(environment, name2) {
  return Object.hasOwn(environment, name2) ? environment[name2] : void 0;
}
function readBuildArgs(elements2, environment, problem) {
  const args = /* @__PURE__ */ new Map();
  for (const element of elements2) {
    const [key2, value] = splitPair2(element) ?? [element, variableOf(environment, element)];
    if (key2 === "" || /\s/.test(key2)) problem("`build-args` has a line that is not KEY=VALUE");
    else if (value !== void 0) args.set(key2, value);
  }
  return Object.fromEntries(args);
}
function readLabels(elements2, problem) {
  const labels = /* @__PURE__ */ new Map();
  for (const element of elements2) {
    const [key2, value] = splitPair2(element) ?? [element, ""];
    if (key2 === "") problem(`\`labels\` has a line without a name: ${JSON.stringify(element)}`);
    else labels.set(key2, value);
  }
  return Object.fromEntries(labels);
}
var LEVEL = "(?:manifest|index|manifest-descriptor|index-descriptor)(?:\\[[A-Za-z0-9_/.-]+\\])?";
var LEVELS = new RegExp(`^(${LEVEL}(?:,${LEVEL})*):(.+)$`);
function readAnnotations(elements2, problem, notice2) {
  const annotations = /* @__PURE__ */ new Map();
  const elsewhere = [];
  for (const element of elements2) {
    const [name2, value] = splitPair2(element) ?? ["", ""];
    const [, levels = "manifest", key2 = name2] = LEVELS.exec(name2) ?? [];
    if (key2 === "") problem(`\`annotations\` has a line that is not KEY=VALUE: ${JSON.stringify(element)}`);
    else if (levels.split(",").some((level) => level.replace(/\[.*/, "") === "manifest")) annotations.set(key2, value);
    else elsewhere.push(key2);
  }
  if (elsewhere.length > 0) {
    notice2(`Annotations are set on the manifest alone; left out: ${elsewhere.join(", ")}.`);
  }
  return Object.fromEntries(annotations);
}

// node_modules/csv-parse/lib/api/CsvError.js
var CsvError = class _CsvError extends Error {
  constructor(code3, message, options, ...contexts) {
    if (Array.isArray(message)) message = message.join(" ").trim();
    super(message);
    if (Error.captureStackTrace !== void 0) {
      Error.captureStackTrace(this, _CsvError);
    }
    this.code = code3;
    for (const context of contexts) {
      for (const key2 in context) {
        const value = context[key2];
        this[key2] = Buffer.isBuffer(value) ? value.toString(options.encoding) : value == null ? value : JSON.parse(JSON.stringify(value));
      }
    }
  }
};

// node_modules/csv-parse/lib/utils/is_object.js
var is_object = function(obj) {
  return typeof obj === "object" && obj !== null && !Array.isArray(obj);
};

// node_modules/csv-parse/lib/api/normalize_columns_array.js
var normalize_columns_array = function(columns) {
  const normalizedColumns = [];
  for (let i = 0, l = columns.length; i < l; i++) {
    const column = columns[i];
    if (column === void 0 || column === null || column === false) {
      normalizedColumns[i] = { disabled: true };
    } else if (typeof column === "string" || typeof column === "number") {
      normalizedColumns[i] = { name: `${column}` };
    } else if (is_object(column)) {
      if (typeof column.name !== "string") {
        throw new CsvError("CSV_OPTION_COLUMNS_MISSING_NAME", [
          "Option columns missing name:",
          `property "name" is required at position ${i}`,
          "when column is an object literal"
        ]);
      }
      normalizedColumns[i] = column;
    } else {
      throw new CsvError("CSV_INVALID_COLUMN_DEFINITION", [
        "Invalid column definition:",
        "expect a string or a literal object,",
        `got ${JSON.stringify(column)} at position ${i}`
      ]);
    }
  }
  return normalizedColumns;
};

// node_modules/csv-parse/lib/utils/ResizeableBuffer.js
var ResizeableBuffer = class {
  constructor(size = 100) {
    this.size = size;
    this.length = 0;
    this.buf = Buffer.allocUnsafe(size);
  }
  prepend(val) {
    if (Buffer.isBuffer(val)) {
      const length = this.length + val.length;
      if (length >= this.size) {
        this.resize();
        if (length >= this.size) {
          throw Error("INVALID_BUFFER_STATE");
        }
      }
      const buf = this.buf;
      this.buf = Buffer.allocUnsafe(this.size);
      val.copy(this.buf, 0);
      buf.copy(this.buf, val.length);
      this.length += val.length;
    } else {
      const length = this.length++;
      if (length === this.size) {
        this.resize();
      }
      const buf = this.clone();
      this.buf[0] = val;
      buf.copy(this.buf, 1, 0, length);
    }
  }
  append(val) {
    const length = this.length++;
    if (length === this.size) {
      this.resize();
    }
    this.buf[length] = val;
  }
  clone() {
    return Buffer.from(this.buf.slice(0, this.length));
  }
  resize() {
    const length = this.length;
    this.size = this.size * 2;
    const buf = Buffer.allocUnsafe(this.size);
    this.buf.copy(buf, 0, 0, length);
    this.buf = buf;
  }
  toString(encoding) {
    if (encoding) {
      return this.buf.toString(encoding, 0, this.length);
    } else {
      return Uint8Array.prototype.slice.call(this.buf.slice(0, this.length));
    }
  }
  toJSON() {
    return this.toString("utf8");
  }
  reset() {
    this.length = 0;
  }
};
var ResizeableBuffer_default = ResizeableBuffer;

// node_modules/csv-parse/lib/api/init_state.js
var init_state = function(options) {
  const timchars = [
    // Basic Latin
    32,
    // [Space](https://www.fileformat.info/info/unicode/char/0020/index.htm)
    9,
    // [CHARACTER TABULATION (HT)](https://www.fileformat.info/info/unicode/char/0009/index.htm)
    10,
    // [LINE FEED (LF)](https://www.fileformat.info/info/unicode/char/000a/index.htm)
    13,
    // [CARRIAGE RETURN (CR)](https://www.fileformat.info/info/unicode/char/000d/index.htm)
    12,
    // [FORM FEED (FF)](https://www.fileformat.info/info/unicode/char/000c/index.htm)
    11,
    // [LINE TABULATION (VT)](https://www.fileformat.info/info/unicode/char/000b/index.htm)
    // Latin-1 Supplement
    160,
    // [NO-BREAK SPACE (NBSP)](https://www.fileformat.info/info/unicode/char/00a0/index.htm)
    // Ogham
    5760,
    // [OGHAM SPACE MARK](https://www.fileformat.info/info/unicode/char/1680/index.htm)
    // General Punctuation
    8192,
    // [EN QUAD](https://www.fileformat.info/info/unicode/char/2000/index.htm)
    8193,
    // [EM QUAD](https://www.fileformat.info/info/unicode/char/2001/index.htm)
    8194,
    // [EN SPACE](https://www.fileformat.info/info/unicode/char/2002/index.htm)
    8195,
    // [EM SPACE](https://www.fileformat.info/info/unicode/char/2003/index.htm)
    8196,
    // [THREE-PER-EM SPACE](https://www.fileformat.info/info/unicode/char/2004/index.htm)
    8197,
    // [FOUR-PER-EM SPACE](https://www.fileformat.info/info/unicode/char/2005/index.htm)
    8198,
    // [SIX-PER-EM SPACE](https://www.fileformat.info/info/unicode/char/2006/index.htm)
    8199,
    // [FIGURE SPACE](https://www.fileformat.info/info/unicode/char/2007/index.htm)
    8200,
    // [PUNCTUATION SPACE](https://www.fileformat.info/info/unicode/char/2008/index.htm)
    8201,
    // [THIN SPACE](https://www.fileformat.info/info/unicode/char/2009/index.htm)
    8202,
    // [HAIR SPACE](https://www.fileformat.info/info/unicode/char/200a/index.htm)
    8232,
    // [LINE SEPARATOR](https://www.fileformat.info/info/unicode/char/2028/index.htm)
    8233,
    // [PARAGRAPH SEPARATOR](https://www.fileformat.info/info/unicode/char/2029/index.htm)
    8239,
    // [NARROW NO-BREAK SPACE (NNBSP)](https://www.fileformat.info/info/unicode/char/202f/index.htm)
    8287,
    // [MEDIUM MATHEMATICAL SPACE (MMSP)](https://www.fileformat.info/info/unicode/char/205f/index.htm)
    12288,
    // [IDEOGRAPHIC SPACE](https://www.fileformat.info/info/unicode/char/3000/index.htm)
    65279
    // [ZERO WIDTH NO-BREAK SPACE (BOM)](https://www.fileformat.info/info/unicode/char/feff/index.htm)
  ].reduce((acc, codepoint) => {
    const encoded2 = Buffer.from(
      String.fromCharCode(codepoint),
      options.encoding
    );
    if (codepoint !== 63 && encoded2.length === 1 && encoded2[0] === 63) {
      return acc;
    }
    acc.push(encoded2);
    return acc;
  }, []);
  const timcharFirstBytes = new Uint8Array(256);
  for (const t of timchars) timcharFirstBytes[t[0]] = 1;
  return {
    bomSkipped: false,
    bufBytesStart: 0,
    castField: options.cast_function,
    commenting: false,
    delimiterBufPrevious: void 0,
    delimiterDiscovered: false,
    // Current error encountered by a record
    error: void 0,
    enabled: options.from_line === 1,
    escaping: false,
    escapeIsQuote: Buffer.isBuffer(options.escape) && Buffer.isBuffer(options.quote) && Buffer.compare(options.escape, options.quote) === 0,
    // columns can be `false`, `true`, `Array`
    expectedRecordLength: Array.isArray(options.columns) ? options.columns.length : void 0,
    field: new ResizeableBuffer_default(20),
    firstLineToHeaders: options.cast_first_line_to_header,
    needMoreDataSize: Math.max(
      // Skip if the remaining buffer smaller than comment
      options.comment !== null ? options.comment.length : 0,
      ...options.delimiter ? options.delimiter.map((delimiter3) => delimiter3.length) : [],
      // Auto discovery of delimiter is limited to 1 character
      options.delimiter_auto ? 1 : 0,
      // Skip if the remaining buffer can be escape sequence
      options.quote !== null ? options.quote.length : 0,
      ...timchars.map((t) => t.length)
    ),
    previousBuf: void 0,
    quoting: false,
    stop: false,
    rawBuffer: new ResizeableBuffer_default(100),
    record: [],
    recordHasError: false,
    record_length: 0,
    recordDelimiterMaxLength: options.record_delimiter.length === 0 ? 0 : Math.max(...options.record_delimiter.map((v2) => v2.length)),
    trimChars: [
      Buffer.from(" ", options.encoding)[0],
      Buffer.from("	", options.encoding)[0]
    ],
    wasQuoting: false,
    wasRowDelimiter: false,
    timchars,
    timcharFirstBytes
  };
};

// node_modules/csv-parse/lib/utils/underscore.js
var underscore = function(str2) {
  return str2.replace(/([A-Z])/g, function(_2, match) {
    return "_" + match.toLowerCase();
  });
};

// node_modules/csv-parse/lib/api/normalize_options.js
var normalize_options = function(opts) {
  const options = {};
  for (const opt in opts) {
    options[underscore(opt)] = opts[opt];
  }
  if (options.encoding === void 0 || options.encoding === true) {
    options.encoding = "utf8";
  } else if (options.encoding === null || options.encoding === false) {
    options.encoding = null;
  } else if (typeof options.encoding !== "string" && options.encoding !== null) {
    throw new CsvError(
      "CSV_INVALID_OPTION_ENCODING",
      [
        "Invalid option encoding:",
        "encoding must be a string or null to return a buffer,",
        `got ${JSON.stringify(options.encoding)}`
      ],
      options
    );
  }
  if (options.bom === void 0 || options.bom === null || options.bom === false) {
    options.bom = false;
  } else if (options.bom !== true) {
    throw new CsvError(
      "CSV_INVALID_OPTION_BOM",
      [
        "Invalid option bom:",
        "bom must be true,",
        `got ${JSON.stringify(options.bom)}`
      ],
      options
    );
  }
  options.cast_function = null;
  if (options.cast === void 0 || options.cast === null || options.cast === false || options.cast === "") {
    options.cast = void 0;
  } else if (typeof options.cast === "function") {
    options.cast_function = options.cast;
    options.cast = true;
  } else if (options.cast !== true) {
    throw new CsvError(
      "CSV_INVALID_OPTION_CAST",
      [
        "Invalid option cast:",
        "cast must be true or a function,",
        `got ${JSON.stringify(options.cast)}`
      ],
      options
    );
  }
  if (options.cast_date === void 0 || options.cast_date === null || options.cast_date === false || options.cast_date === "") {
    options.cast_date = false;
  } else if (options.cast_date === true) {
    options.cast_date = function(value) {
      const date = Date.parse(value);
      return !isNaN(date) ? new Date(date) : value;
    };
  } else if (typeof options.cast_date !== "function") {
    throw new CsvError(
      "CSV_INVALID_OPTION_CAST_DATE",
      [
        "Invalid option cast_date:",
        "cast_date must be true or a function,",
        `got ${JSON.stringify(options.cast_date)}`
      ],
      options
    );
  }
  options.cast_first_line_to_header = void 0;
  if (options.columns === true) {
    options.cast_first_line_to_header = void 0;
  } else if (typeof options.columns === "function") {
    options.cast_first_line_to_header = options.columns;
    options.columns = true;
  } else if (Array.isArray(options.columns)) {
    options.columns = normalize_columns_array(options.columns);
  } else if (options.columns === void 0 || options.columns === null || options.columns === false) {
    options.columns = false;
  } else {
    throw new CsvError(
      "CSV_INVALID_OPTION_COLUMNS",
      [
        "Invalid option columns:",
        "expect an array, a function or true,",
        `got ${JSON.stringify(options.columns)}`
      ],
      options
    );
  }
  if (options.group_columns_by_name === void 0 || options.group_columns_by_name === null || options.group_columns_by_name === false) {
    options.group_columns_by_name = false;
  } else if (options.group_columns_by_name !== true) {
    throw new CsvError(
      "CSV_INVALID_OPTION_GROUP_COLUMNS_BY_NAME",
      [
        "Invalid option group_columns_by_name:",
        "expect an boolean,",
        `got ${JSON.stringify(options.group_columns_by_name)}`
      ],
      options
    );
  } else if (options.columns === false) {
    throw new CsvError(
      "CSV_INVALID_OPTION_GROUP_COLUMNS_BY_NAME",
      [
        "Invalid option group_columns_by_name:",
        "the `columns` mode must be activated."
      ],
      options
    );
  }
  if (options.comment === void 0 || options.comment === null || options.comment === false || options.comment === "") {
    options.comment = null;
  } else {
    if (typeof options.comment === "string") {
      options.comment = Buffer.from(options.comment, options.encoding);
    }
    if (!Buffer.isBuffer(options.comment)) {
      throw new CsvError(
        "CSV_INVALID_OPTION_COMMENT",
        [
          "Invalid option comment:",
          "comment must be a buffer or a string,",
          `got ${JSON.stringify(options.comment)}`
        ],
        options
      );
    }
  }
  if (options.comment_no_infix === void 0 || options.comment_no_infix === null || options.comment_no_infix === false) {
    options.comment_no_infix = false;
  } else if (options.comment_no_infix !== true) {
    throw new CsvError(
      "CSV_INVALID_OPTION_COMMENT",
      [
        "Invalid option comment_no_infix:",
        "value must be a boolean,",
        `got ${JSON.stringify(options.comment_no_infix)}`
      ],
      options
    );
  }
  if (options.delimiter_auto === void 0 || options.delimiter_auto === null || options.delimiter_auto === false) {
    options.delimiter_auto = false;
  } else if (options.delimiter_auto === true) {
    options.delimiter_auto = {};
  } else if (!is_object(options.delimiter_auto)) {
    throw new CsvError(
      "CSV_INVALID_OPTION_DELIMITER_AUTO",
      [
        "Invalid option delimiter_auto:",
        "delimiter_auto must be a boolean or a configuration object,",
        `got ${JSON.stringify(options.delimiter_auto)}`
      ],
      options
    );
  }
  if (options.delimiter_auto) {
    if (options.delimiter_auto.preferred === void 0)
      options.delimiter_auto.preferred = {
        [",".charCodeAt(0)]: 1.8,
        ["	".charCodeAt(0)]: 1.8,
        [";".charCodeAt(0)]: 1.6,
        [" ".charCodeAt(0)]: 1.6,
        [":".charCodeAt(0)]: 1.5,
        [".".charCodeAt(0)]: 1.4,
        ["/".charCodeAt(0)]: 1.4
      };
    else if (!is_object(options.delimiter_auto.preferred)) {
      throw new CsvError(
        "CSV_INVALID_OPTION_DELIMITER_AUTO",
        [
          "Invalid option delimiter_auto:",
          "preferred must be an object,",
          `got ${JSON.stringify(options.delimiter_auto.preferred)}`
        ],
        options
      );
    }
    if (options.delimiter_auto.score === void 0)
      options.delimiter_auto.score = (info2, options2) => {
        return (info2.total - info2.std) * (options2.preferred[info2.char_code] || 1);
      };
    else if (typeof options.delimiter_auto.score !== "function") {
      throw new CsvError(
        "CSV_INVALID_OPTION_DELIMITER_AUTO",
        [
          "Invalid option delimiter_auto:",
          "score must be a function,",
          `got ${JSON.stringify(options.delimiter_auto.score)}`
        ],
        options
      );
    }
    if (options.delimiter_auto.size === void 0)
      options.delimiter_auto.size = 2048;
    else if (typeof options.delimiter_auto.size !== "number") {
      throw new CsvError(
        "CSV_INVALID_OPTION_DELIMITER_AUTO",
        [
          "Invalid option delimiter_auto:",
          "size must be a number,",
          `got ${JSON.stringify(options.delimiter_auto.size)}`
        ],
        options
      );
    }
  }
  const delimiter_json = JSON.stringify(options.delimiter);
  if (options.delimiter_auto !== false) {
    options.delimiter = [];
  }
  if (!Array.isArray(options.delimiter)) {
    if (options.delimiter === void 0 || options.delimiter === null || options.delimiter === false) {
      options.delimiter = Buffer.from(",", options.encoding);
    }
    options.delimiter = [options.delimiter];
  }
  options.delimiter = options.delimiter.map(function(delimiter3) {
    if (typeof delimiter3 === "string") {
      delimiter3 = Buffer.from(delimiter3, options.encoding);
    }
    if (!Buffer.isBuffer(delimiter3) || delimiter3.length === 0) {
      throw new CsvError(
        "CSV_INVALID_OPTION_DELIMITER",
        [
          "Invalid option delimiter:",
          "delimiter must be a non empty string or buffer or array of string|buffer,",
          `got ${delimiter_json}`
        ],
        options
      );
    }
    return delimiter3;
  });
  if (options.escape === void 0 || options.escape === true) {
    options.escape = Buffer.from('"', options.encoding);
  } else if (typeof options.escape === "string") {
    options.escape = Buffer.from(options.escape, options.encoding);
  } else if (options.escape === null || options.escape === false) {
    options.escape = null;
  }
  if (options.escape !== null) {
    if (!Buffer.isBuffer(options.escape)) {
      throw new Error(
        `Invalid Option: escape must be a buffer, a string or a boolean, got ${JSON.stringify(options.escape)}`
      );
    }
  }
  if (options.from === void 0 || options.from === null) {
    options.from = 1;
  } else {
    if (typeof options.from === "string" && /\d+/.test(options.from)) {
      options.from = parseInt(options.from);
    }
    if (Number.isInteger(options.from)) {
      if (options.from < 0) {
        throw new Error(
          `Invalid Option: from must be a positive integer, got ${JSON.stringify(opts.from)}`
        );
      }
    } else {
      throw new Error(
        `Invalid Option: from must be an integer, got ${JSON.stringify(options.from)}`
      );
    }
  }
  if (options.from_line === void 0 || options.from_line === null) {
    options.from_line = 1;
  } else {
    if (typeof options.from_line === "string" && /\d+/.test(options.from_line)) {
      options.from_line = parseInt(options.from_line);
    }
    if (Number.isInteger(options.from_line)) {
      if (options.from_line <= 0) {
        throw new Error(
          `Invalid Option: from_line must be a positive integer greater than 0, got ${JSON.stringify(opts.from_line)}`
        );
      }
    } else {
      throw new Error(
        `Invalid Option: from_line must be an integer, got ${JSON.stringify(opts.from_line)}`
      );
    }
  }
  if (options.ignore_last_delimiters === void 0 || options.ignore_last_delimiters === null) {
    options.ignore_last_delimiters = false;
  } else if (typeof options.ignore_last_delimiters === "number") {
    options.ignore_last_delimiters = Math.floor(options.ignore_last_delimiters);
    if (options.ignore_last_delimiters === 0) {
      options.ignore_last_delimiters = false;
    }
  } else if (typeof options.ignore_last_delimiters !== "boolean") {
    throw new CsvError(
      "CSV_INVALID_OPTION_IGNORE_LAST_DELIMITERS",
      [
        "Invalid option `ignore_last_delimiters`:",
        "the value must be a boolean value or an integer,",
        `got ${JSON.stringify(options.ignore_last_delimiters)}`
      ],
      options
    );
  }
  if (options.ignore_last_delimiters === true && options.columns === false) {
    throw new CsvError(
      "CSV_IGNORE_LAST_DELIMITERS_REQUIRES_COLUMNS",
      [
        "The option `ignore_last_delimiters`",
        "requires the activation of the `columns` option"
      ],
      options
    );
  }
  if (options.info === void 0 || options.info === null || options.info === false) {
    options.info = false;
  } else if (options.info !== true) {
    throw new Error(
      `Invalid Option: info must be true, got ${JSON.stringify(options.info)}`
    );
  }
  if (options.max_record_size === void 0 || options.max_record_size === null || options.max_record_size === false) {
    options.max_record_size = 0;
  } else if (Number.isInteger(options.max_record_size) && options.max_record_size >= 0) {
  } else if (typeof options.max_record_size === "string" && /\d+/.test(options.max_record_size)) {
    options.max_record_size = parseInt(options.max_record_size);
  } else {
    throw new Error(
      `Invalid Option: max_record_size must be a positive integer, got ${JSON.stringify(options.max_record_size)}`
    );
  }
  if (options.objname === void 0 || options.objname === null || options.objname === false) {
    options.objname = void 0;
  } else if (Buffer.isBuffer(options.objname)) {
    if (options.objname.length === 0) {
      throw new Error(`Invalid Option: objname must be a non empty buffer`);
    }
    if (options.encoding === null) {
    } else {
      options.objname = options.objname.toString(options.encoding);
    }
  } else if (typeof options.objname === "string") {
    if (options.objname.length === 0) {
      throw new Error(`Invalid Option: objname must be a non empty string`);
    }
  } else if (typeof options.objname === "number") {
  } else {
    throw new Error(
      `Invalid Option: objname must be a string or a buffer, got ${options.objname}`
    );
  }
  if (options.objname !== void 0) {
    if (typeof options.objname === "number") {
      if (options.columns !== false) {
        throw Error(
          "Invalid Option: objname index cannot be combined with columns or be defined as a field"
        );
      }
    } else {
      if (options.columns === false) {
        throw Error(
          "Invalid Option: objname field must be combined with columns or be defined as an index"
        );
      }
    }
  }
  if (options.on_record === void 0 || options.on_record === null) {
    options.on_record = void 0;
  } else if (typeof options.on_record !== "function") {
    throw new CsvError(
      "CSV_INVALID_OPTION_ON_RECORD",
      [
        "Invalid option `on_record`:",
        "expect a function,",
        `got ${JSON.stringify(options.on_record)}`
      ],
      options
    );
  }
  if (options.on_skip !== void 0 && options.on_skip !== null && typeof options.on_skip !== "function") {
    throw new Error(
      `Invalid Option: on_skip must be a function, got ${JSON.stringify(options.on_skip)}`
    );
  }
  if (options.quote === null || options.quote === false || options.quote === "") {
    options.quote = null;
  } else {
    if (options.quote === void 0 || options.quote === true) {
      options.quote = Buffer.from('"', options.encoding);
    } else if (typeof options.quote === "string") {
      options.quote = Buffer.from(options.quote, options.encoding);
    }
    if (!Buffer.isBuffer(options.quote)) {
      throw new Error(
        `Invalid Option: quote must be a buffer or a string, got ${JSON.stringify(options.quote)}`
      );
    }
  }
  if (options.raw === void 0 || options.raw === null || options.raw === false) {
    options.raw = false;
  } else if (options.raw !== true) {
    throw new Error(
      `Invalid Option: raw must be true, got ${JSON.stringify(options.raw)}`
    );
  }
  if (options.record_delimiter === void 0) {
    options.record_delimiter = [];
  } else if (typeof options.record_delimiter === "string" || Buffer.isBuffer(options.record_delimiter)) {
    if (options.record_delimiter.length === 0) {
      throw new CsvError(
        "CSV_INVALID_OPTION_RECORD_DELIMITER",
        [
          "Invalid option `record_delimiter`:",
          "value must be a non empty string or buffer,",
          `got ${JSON.stringify(options.record_delimiter)}`
        ],
        options
      );
    }
    options.record_delimiter = [options.record_delimiter];
  } else if (!Array.isArray(options.record_delimiter)) {
    throw new CsvError(
      "CSV_INVALID_OPTION_RECORD_DELIMITER",
      [
        "Invalid option `record_delimiter`:",
        "value must be a string, a buffer or array of string|buffer,",
        `got ${JSON.stringify(options.record_delimiter)}`
      ],
      options
    );
  }
  options.record_delimiter = options.record_delimiter.map(function(rd, i) {
    if (typeof rd !== "string" && !Buffer.isBuffer(rd)) {
      throw new CsvError(
        "CSV_INVALID_OPTION_RECORD_DELIMITER",
        [
          "Invalid option `record_delimiter`:",
          "value must be a string, a buffer or array of string|buffer",
          `at index ${i},`,
          `got ${JSON.stringify(rd)}`
        ],
        options
      );
    } else if (rd.length === 0) {
      throw new CsvError(
        "CSV_INVALID_OPTION_RECORD_DELIMITER",
        [
          "Invalid option `record_delimiter`:",
          "value must be a non empty string or buffer",
          `at index ${i},`,
          `got ${JSON.stringify(rd)}`
        ],
        options
      );
    }
    if (typeof rd === "string") {
      rd = Buffer.from(rd, options.encoding);
    }
    return rd;
  });
  if (typeof options.relax_column_count === "boolean") {
  } else if (options.relax_column_count === void 0 || options.relax_column_count === null) {
    options.relax_column_count = false;
  } else {
    throw new Error(
      `Invalid Option: relax_column_count must be a boolean, got ${JSON.stringify(options.relax_column_count)}`
    );
  }
  if (typeof options.relax_column_count_less === "boolean") {
  } else if (options.relax_column_count_less === void 0 || options.relax_column_count_less === null) {
    options.relax_column_count_less = false;
  } else {
    throw new Error(
      `Invalid Option: relax_column_count_less must be a boolean, got ${JSON.stringify(options.relax_column_count_less)}`
    );
  }
  if (typeof options.relax_column_count_more === "boolean") {
  } else if (options.relax_column_count_more === void 0 || options.relax_column_count_more === null) {
    options.relax_column_count_more = false;
  } else {
    throw new Error(
      `Invalid Option: relax_column_count_more must be a boolean, got ${JSON.stringify(options.relax_column_count_more)}`
    );
  }
  if (typeof options.relax_quotes === "boolean") {
  } else if (options.relax_quotes === void 0 || options.relax_quotes === null) {
    options.relax_quotes = false;
  } else {
    throw new Error(
      `Invalid Option: relax_quotes must be a boolean, got ${JSON.stringify(options.relax_quotes)}`
    );
  }
  if (typeof options.skip_empty_lines === "boolean") {
  } else if (options.skip_empty_lines === void 0 || options.skip_empty_lines === null) {
    options.skip_empty_lines = false;
  } else {
    throw new Error(
      `Invalid Option: skip_empty_lines must be a boolean, got ${JSON.stringify(options.skip_empty_lines)}`
    );
  }
  if (typeof options.skip_records_with_empty_values === "boolean") {
  } else if (options.skip_records_with_empty_values === void 0 || options.skip_records_with_empty_values === null) {
    options.skip_records_with_empty_values = false;
  } else {
    throw new Error(
      `Invalid Option: skip_records_with_empty_values must be a boolean, got ${JSON.stringify(options.skip_records_with_empty_values)}`
    );
  }
  if (typeof options.skip_records_with_error === "boolean") {
  } else if (options.skip_records_with_error === void 0 || options.skip_records_with_error === null) {
    options.skip_records_with_error = false;
  } else {
    throw new Error(
      `Invalid Option: skip_records_with_error must be a boolean, got ${JSON.stringify(options.skip_records_with_error)}`
    );
  }
  if (options.rtrim === void 0 || options.rtrim === null || options.rtrim === false) {
    options.rtrim = false;
  } else if (options.rtrim !== true) {
    throw new Error(
      `Invalid Option: rtrim must be a boolean, got ${JSON.stringify(options.rtrim)}`
    );
  }
  if (options.ltrim === void 0 || options.ltrim === null || options.ltrim === false) {
    options.ltrim = false;
  } else if (options.ltrim !== true) {
    throw new Error(
      `Invalid Option: ltrim must be a boolean, got ${JSON.stringify(options.ltrim)}`
    );
  }
  if (options.trim === void 0 || options.trim === null || options.trim === false) {
    options.trim = false;
  } else if (options.trim !== true) {
    throw new Error(
      `Invalid Option: trim must be a boolean, got ${JSON.stringify(options.trim)}`
    );
  }
  if (options.trim === true && opts.ltrim !== false) {
    options.ltrim = true;
  } else if (options.ltrim !== true) {
    options.ltrim = false;
  }
  if (options.trim === true && opts.rtrim !== false) {
    options.rtrim = true;
  } else if (options.rtrim !== true) {
    options.rtrim = false;
  }
  if (options.to === void 0 || options.to === null) {
    options.to = -1;
  } else if (options.to !== -1) {
    if (typeof options.to === "string" && /\d+/.test(options.to)) {
      options.to = parseInt(options.to);
    }
    if (Number.isInteger(options.to)) {
      if (options.to <= 0) {
        throw new Error(
          `Invalid Option: to must be a positive integer greater than 0, got ${JSON.stringify(opts.to)}`
        );
      }
    } else {
      throw new Error(
        `Invalid Option: to must be an integer, got ${JSON.stringify(opts.to)}`
      );
    }
  }
  if (options.to_line === void 0 || options.to_line === null) {
    options.to_line = -1;
  } else if (options.to_line !== -1) {
    if (typeof options.to_line === "string" && /\d+/.test(options.to_line)) {
      options.to_line = parseInt(options.to_line);
    }
    if (Number.isInteger(options.to_line)) {
      if (options.to_line <= 0) {
        throw new Error(
          `Invalid Option: to_line must be a positive integer greater than 0, got ${JSON.stringify(opts.to_line)}`
        );
      }
    } else {
      throw new Error(
        `Invalid Option: to_line must be an integer, got ${JSON.stringify(opts.to_line)}`
      );
    }
  }
  return options;
};

// node_modules/csv-parse/lib/utils/delimiter_discover.js
var delimiter_discover = function(records2, options) {
  if (!options) {
    ({ delimiter_auto: options } = normalize_options({ delimiter_auto: true }));
  }
  if (typeof records2 === "string") {
    records2 = Buffer.from(records2);
  }
  if (Buffer.isBuffer(records2)) {
    records2 = ((data) => {
      const records3 = [];
      const parser = transform({ delimiter: [] });
      const push = (record2) => records3.push(record2);
      const close = () => {
      };
      const error2 = parser.parse(data, true, push, close);
      if (error2 !== void 0) throw error2;
      return records3;
    })(records2);
  }
  const info2 = Array(127).fill().map(() => ({ lines: [] }));
  records2.map(([record2], line) => {
    for (let i = 0, l = record2.length; i < l; i++) {
      const code3 = record2.charCodeAt(i);
      if (info2[code3].lines[line] === void 0) info2[code3].lines[line] = 0;
      info2[code3].lines[line]++;
    }
  });
  info2.map((info3, i) => {
    info3.char_code = i;
    info3.std = std(info3.lines);
    info3.total = info3.lines.reduce((acc, val) => acc + val, 0);
    info3.preferred = !!options.preferred[i];
    info3.score = options.score(info3, options);
  });
  const result = info2.reduce(
    (acc, info3) => acc.score > info3.score ? acc : info3,
    {}
  );
  return String.fromCharCode(result.char_code);
};
var std = function(array2) {
  const n = array2.length;
  if (n === 0) return 0;
  const mean = array2.reduce((a, b2) => a + b2) / n;
  return Math.sqrt(
    array2.map((x) => Math.pow(x - mean, 2)).reduce((a, b2) => a + b2) / n
  );
};

// node_modules/csv-parse/lib/api/index.js
var isRecordEmpty = function(record2) {
  return record2.every(
    (field) => field == null || field.toString && field.toString().trim() === ""
  );
};
var cr2 = 13;
var nl = 10;
var boms = {
  // Note, the following are equals:
  // Buffer.from("\ufeff")
  // Buffer.from([239, 187, 191])
  // Buffer.from('EFBBBF', 'hex')
  utf8: Buffer.from([239, 187, 191]),
  // Note, the following are equals:
  // Buffer.from "\ufeff", 'utf16le
  // Buffer.from([255, 254])
  utf16le: Buffer.from([255, 254])
};
var transform = function(original_options = {}) {
  const info2 = {
    bytes: 0,
    bytes_records: 0,
    comment_lines: 0,
    empty_lines: 0,
    invalid_field_length: 0,
    lines: 1,
    records: 0
  };
  const options = normalize_options(original_options);
  return {
    info: info2,
    original_options,
    options,
    state: init_state(options),
    __needMoreData: function(i, bufLen, end) {
      if (end) return false;
      const { encoding, escape, quote: quote2 } = this.options;
      const { quoting, needMoreDataSize, recordDelimiterMaxLength } = this.state;
      const numOfCharLeft = bufLen - i - 1;
      const requiredLength = Math.max(
        needMoreDataSize,
        // Skip if the remaining buffer smaller than record delimiter
        // If "record_delimiter" is yet to be discovered:
        // 1. It is equals to `[]` and "recordDelimiterMaxLength" equals `0`
        // 2. We set the length to windows line ending in the current encoding
        // Note, that encoding is known from user or bom discovery at that point
        // recordDelimiterMaxLength,
        recordDelimiterMaxLength === 0 ? Buffer.from("\r\n", encoding).length : recordDelimiterMaxLength,
        // Skip if remaining buffer can be an escaped quote
        quoting ? (escape === null ? 0 : escape.length) + quote2.length : 0,
        // Skip if remaining buffer can be record delimiter following the closing quote
        quoting ? quote2.length + recordDelimiterMaxLength : 0
      );
      return numOfCharLeft < requiredLength;
    },
    // Central parser implementation
    parse: function(nextBuf, end, push, close) {
      const {
        bom,
        comment_no_infix,
        delimiter_auto,
        encoding,
        from_line,
        ltrim,
        max_record_size,
        raw,
        relax_quotes,
        rtrim,
        skip_empty_lines,
        to: to2,
        to_line
      } = this.options;
      let { comment, escape, quote: quote2, record_delimiter } = this.options;
      const {
        bomSkipped,
        delimiterDiscovered,
        delimiterBufPrevious,
        rawBuffer,
        escapeIsQuote
      } = this.state;
      if (!delimiterDiscovered && delimiter_auto) {
        let delimiterBuf;
        if (delimiterBufPrevious === void 0) {
          delimiterBuf = nextBuf;
        } else if (delimiterBufPrevious !== void 0 && nextBuf === void 0) {
          delimiterBuf = delimiterBufPrevious;
        } else {
          delimiterBuf = Buffer.concat([delimiterBufPrevious, nextBuf]);
        }
        nextBuf = void 0;
        if (end || delimiterBuf.length > delimiter_auto.size) {
          this.options.delimiter = [
            Buffer.from(
              delimiter_discover(delimiterBuf, this.options.delimiter_auto)
            )
          ];
          this.state.previousBuf = delimiterBuf;
          this.state.delimiterBufPrevious = void 0;
          this.state.delimiterDiscovered = true;
        } else {
          this.state.delimiterBufPrevious = delimiterBuf;
          return;
        }
      }
      const { previousBuf } = this.state;
      let buf;
      if (previousBuf === void 0) {
        if (nextBuf === void 0) {
          close();
          return;
        } else {
          buf = nextBuf;
        }
      } else if (previousBuf !== void 0 && nextBuf === void 0) {
        buf = previousBuf;
      } else {
        buf = Buffer.concat([previousBuf, nextBuf]);
      }
      if (bomSkipped === false) {
        if (bom === false) {
          this.state.bomSkipped = true;
        } else if (buf.length < 3) {
          if (end === false) {
            this.state.previousBuf = buf;
            return;
          }
        } else {
          for (const encoding2 in boms) {
            if (boms[encoding2].compare(buf, 0, boms[encoding2].length) === 0) {
              const bomLength = boms[encoding2].length;
              this.state.bufBytesStart += bomLength;
              buf = buf.slice(bomLength);
              const options2 = normalize_options({
                ...this.original_options,
                encoding: encoding2
              });
              for (const key2 in options2) {
                this.options[key2] = options2[key2];
              }
              ({ comment, escape, quote: quote2 } = this.options);
              break;
            }
          }
          this.state.bomSkipped = true;
        }
      }
      const bufLen = buf.length;
      let pos2;
      for (pos2 = 0; pos2 < bufLen; pos2++) {
        if (this.__needMoreData(pos2, bufLen, end)) {
          break;
        }
        if (this.state.wasRowDelimiter === true) {
          this.info.lines++;
          this.state.wasRowDelimiter = false;
        }
        if (to_line !== -1 && this.info.lines > to_line) {
          this.state.stop = true;
          close();
          return;
        }
        if (this.state.quoting === false && record_delimiter.length === 0) {
          const record_delimiterCount = this.__autoDiscoverRecordDelimiter(
            buf,
            pos2
          );
          if (record_delimiterCount) {
            record_delimiter = this.options.record_delimiter;
          }
        }
        const chr = buf[pos2];
        if (raw === true) {
          rawBuffer.append(chr);
        }
        if ((chr === cr2 || chr === nl) && this.state.wasRowDelimiter === false) {
          this.state.wasRowDelimiter = true;
        }
        if (this.state.escaping === true) {
          this.state.escaping = false;
        } else {
          if (escape !== null && this.state.quoting === true && this.__isEscape(buf, pos2, chr) && pos2 + escape.length < bufLen) {
            if (escapeIsQuote) {
              if (this.__isQuote(buf, pos2 + escape.length)) {
                this.state.escaping = true;
                pos2 += escape.length - 1;
                continue;
              }
            } else {
              this.state.escaping = true;
              pos2 += escape.length - 1;
              continue;
            }
          }
          if (this.state.commenting === false && this.__isQuote(buf, pos2)) {
            if (this.state.quoting === true) {
              const nextChr = buf[pos2 + quote2.length];
              const isNextChrTrimable = rtrim && this.__isCharTrimable(buf, pos2 + quote2.length);
              const isNextChrComment = comment !== null && this.__compareBytes(comment, buf, pos2 + quote2.length, nextChr);
              const isNextChrDelimiter = this.__isDelimiter(
                buf,
                pos2 + quote2.length,
                nextChr
              );
              const isNextChrRecordDelimiter = record_delimiter.length === 0 ? this.__autoDiscoverRecordDelimiter(buf, pos2 + quote2.length) : this.__isRecordDelimiter(nextChr, buf, pos2 + quote2.length);
              if (escape !== null && this.__isEscape(buf, pos2, chr) && this.__isQuote(buf, pos2 + escape.length)) {
                pos2 += escape.length - 1;
              } else if (!nextChr || isNextChrDelimiter || isNextChrRecordDelimiter || isNextChrComment || isNextChrTrimable) {
                this.state.quoting = false;
                this.state.wasQuoting = true;
                pos2 += quote2.length - 1;
                continue;
              } else if (relax_quotes === false) {
                const err = this.__error(
                  new CsvError(
                    "CSV_INVALID_CLOSING_QUOTE",
                    [
                      "Invalid Closing Quote:",
                      `got "${String.fromCharCode(nextChr)}"`,
                      `at line ${this.info.lines}`,
                      "instead of delimiter, record delimiter, trimable character",
                      "(if activated) or comment"
                    ],
                    this.options,
                    this.__infoField()
                  )
                );
                if (err !== void 0) return err;
              } else {
                this.state.quoting = false;
                this.state.wasQuoting = true;
                this.state.field.prepend(quote2);
                pos2 += quote2.length - 1;
              }
            } else {
              if (this.state.field.length !== 0) {
                if (relax_quotes === false) {
                  const info3 = this.__infoField();
                  const bom2 = Object.keys(boms).map(
                    (b2) => boms[b2].equals(this.state.field.toString()) ? b2 : false
                  ).filter(Boolean)[0];
                  const err = this.__error(
                    new CsvError(
                      "INVALID_OPENING_QUOTE",
                      [
                        "Invalid Opening Quote:",
                        `a quote is found on field ${JSON.stringify(info3.column)} at line ${info3.lines}, value is ${JSON.stringify(this.state.field.toString(encoding))}`,
                        bom2 ? `(${bom2} bom)` : void 0
                      ],
                      this.options,
                      info3,
                      {
                        field: this.state.field
                      }
                    )
                  );
                  if (err !== void 0) return err;
                }
              } else {
                this.state.quoting = true;
                pos2 += quote2.length - 1;
                continue;
              }
            }
          }
          if (this.state.quoting === false) {
            const recordDelimiterLength = this.__isRecordDelimiter(
              chr,
              buf,
              pos2
            );
            if (recordDelimiterLength !== 0) {
              const skipCommentLine = this.state.commenting && this.state.wasQuoting === false && this.state.record.length === 0 && this.state.field.length === 0;
              if (skipCommentLine) {
                this.info.comment_lines++;
              } else {
                if (this.state.enabled === false && this.info.lines + (this.state.wasRowDelimiter === true ? 1 : 0) >= from_line) {
                  this.state.enabled = true;
                  this.__resetField();
                  this.__resetRecord();
                  pos2 += recordDelimiterLength - 1;
                  continue;
                }
                if (skip_empty_lines === true && this.state.wasQuoting === false && this.state.record.length === 0 && this.state.field.length === 0) {
                  this.info.empty_lines++;
                  pos2 += recordDelimiterLength - 1;
                  continue;
                }
                this.info.bytes = this.state.bufBytesStart + pos2;
                const errField = this.__onField();
                if (errField !== void 0) return errField;
                this.info.bytes = this.state.bufBytesStart + pos2 + recordDelimiterLength;
                const errRecord = this.__onRecord(push);
                if (errRecord !== void 0) return errRecord;
                if (to2 !== -1 && this.info.records >= to2) {
                  this.state.stop = true;
                  close();
                  return;
                }
              }
              this.state.commenting = false;
              pos2 += recordDelimiterLength - 1;
              continue;
            }
            if (this.state.commenting) {
              continue;
            }
            if (comment !== null && (comment_no_infix === false || this.state.record.length === 0 && this.state.field.length === 0)) {
              const commentCount = this.__compareBytes(comment, buf, pos2, chr);
              if (commentCount !== 0) {
                this.state.commenting = true;
                continue;
              }
            }
            const delimiterLength = this.__isDelimiter(buf, pos2, chr);
            if (delimiterLength !== 0) {
              this.info.bytes = this.state.bufBytesStart + pos2;
              const errField = this.__onField();
              if (errField !== void 0) return errField;
              pos2 += delimiterLength - 1;
              continue;
            }
          }
        }
        if (this.state.commenting === false) {
          if (max_record_size !== 0 && this.state.record_length + this.state.field.length > max_record_size) {
            return this.__error(
              new CsvError(
                "CSV_MAX_RECORD_SIZE",
                [
                  "Max Record Size:",
                  "record exceed the maximum number of tolerated bytes",
                  `of ${max_record_size}`,
                  `at line ${this.info.lines}`
                ],
                this.options,
                this.__infoField()
              )
            );
          }
        }
        const lappend = ltrim === false || this.state.quoting === true || this.state.field.length !== 0 || !this.__isCharTrimable(buf, pos2);
        const rappend = rtrim === false || this.state.wasQuoting === false;
        if (lappend === true && rappend === true) {
          this.state.field.append(chr);
        } else if (rtrim === true && !this.__isCharTrimable(buf, pos2)) {
          return this.__error(
            new CsvError(
              "CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE",
              [
                "Invalid Closing Quote:",
                "found non trimable byte after quote",
                `at line ${this.info.lines}`
              ],
              this.options,
              this.__infoField()
            )
          );
        } else {
          if (lappend === false) {
            pos2 += this.__isCharTrimable(buf, pos2) - 1;
          }
          continue;
        }
      }
      if (end === true) {
        if (this.state.quoting === true) {
          const err = this.__error(
            new CsvError(
              "CSV_QUOTE_NOT_CLOSED",
              [
                "Quote Not Closed:",
                `the parsing is finished with an opening quote at line ${this.info.lines}`
              ],
              this.options,
              this.__infoField()
            )
          );
          if (err !== void 0) return err;
        } else {
          if (this.state.wasQuoting === true || this.state.record.length !== 0 || this.state.field.length !== 0) {
            this.info.bytes = this.state.bufBytesStart + pos2;
            const errField = this.__onField();
            if (errField !== void 0) return errField;
            const errRecord = this.__onRecord(push);
            if (errRecord !== void 0) return errRecord;
          } else if (this.state.wasRowDelimiter === true) {
            this.info.empty_lines++;
          } else if (this.state.commenting === true) {
            this.info.comment_lines++;
          }
        }
      } else {
        this.state.bufBytesStart += pos2;
        this.state.previousBuf = buf.slice(pos2);
      }
      if (this.state.wasRowDelimiter === true) {
        this.info.lines++;
        this.state.wasRowDelimiter = false;
      }
    },
    __onRecord: function(push) {
      const {
        columns,
        group_columns_by_name,
        encoding,
        info: info3,
        from,
        relax_column_count,
        relax_column_count_less,
        relax_column_count_more,
        raw,
        skip_records_with_empty_values
      } = this.options;
      const { enabled, record: record2 } = this.state;
      if (enabled === false) {
        return this.__resetRecord();
      }
      const recordLength = record2.length;
      if (columns === true) {
        if (skip_records_with_empty_values === true && isRecordEmpty(record2)) {
          this.__resetRecord();
          return;
        }
        return this.__firstLineToColumns(record2);
      }
      if (columns === false && this.info.records === 0) {
        this.state.expectedRecordLength = recordLength;
      }
      if (recordLength !== this.state.expectedRecordLength) {
        const err = columns === false ? new CsvError(
          "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH",
          [
            "Invalid Record Length:",
            `expect ${this.state.expectedRecordLength},`,
            `got ${recordLength} on line ${this.info.lines}`
          ],
          this.options,
          this.__infoField(),
          {
            record: record2
          }
        ) : new CsvError(
          "CSV_RECORD_INCONSISTENT_COLUMNS",
          [
            "Invalid Record Length:",
            `columns length is ${columns.length},`,
            // rename columns
            `got ${recordLength} on line ${this.info.lines}`
          ],
          this.options,
          this.__infoField(),
          {
            record: record2
          }
        );
        if (relax_column_count === true || relax_column_count_less === true && recordLength < this.state.expectedRecordLength || relax_column_count_more === true && recordLength > this.state.expectedRecordLength) {
          this.info.invalid_field_length++;
          this.state.error = err;
        } else {
          const finalErr = this.__error(err);
          if (finalErr) return finalErr;
        }
      }
      if (skip_records_with_empty_values === true && isRecordEmpty(record2)) {
        this.__resetRecord();
        return;
      }
      if (this.state.recordHasError === true) {
        this.__resetRecord();
        this.state.recordHasError = false;
        return;
      }
      this.info.records++;
      if (from === 1 || this.info.records >= from) {
        const { objname } = this.options;
        if (columns !== false) {
          const obj = {};
          for (let i = 0, l = record2.length; i < l; i++) {
            if (columns[i] === void 0 || columns[i].disabled) continue;
            if (group_columns_by_name === true && Object.hasOwn(obj, columns[i].name)) {
              if (Array.isArray(obj[columns[i].name])) {
                obj[columns[i].name] = obj[columns[i].name].concat(record2[i]);
              } else {
                obj[columns[i].name] = [obj[columns[i].name], record2[i]];
              }
            } else {
              Object.defineProperty(obj, columns[i].name, {
                value: record2[i],
                enumerable: true,
                writable: true,
                configurable: true
              });
            }
          }
          if (raw === true || info3 === true) {
            const extRecord = Object.assign(
              { record: obj },
              raw === true ? { raw: this.state.rawBuffer.toString(encoding) } : {},
              info3 === true ? { info: this.__infoRecord() } : {}
            );
            const err = this.__push(
              objname === void 0 ? extRecord : [obj[objname], extRecord],
              push
            );
            if (err) {
              return err;
            }
          } else {
            const err = this.__push(
              objname === void 0 ? obj : [obj[objname], obj],
              push
            );
            if (err) {
              return err;
            }
          }
        } else {
          if (raw === true || info3 === true) {
            const extRecord = Object.assign(
              { record: record2 },
              raw === true ? { raw: this.state.rawBuffer.toString(encoding) } : {},
              info3 === true ? { info: this.__infoRecord() } : {}
            );
            const err = this.__push(
              objname === void 0 ? extRecord : [record2[objname], extRecord],
              push
            );
            if (err) {
              return err;
            }
          } else {
            const err = this.__push(
              objname === void 0 ? record2 : [record2[objname], record2],
              push
            );
            if (err) {
              return err;
            }
          }
        }
      }
      this.__resetRecord();
    },
    __firstLineToColumns: function(record2) {
      const { firstLineToHeaders } = this.state;
      try {
        const headers = firstLineToHeaders === void 0 ? record2 : firstLineToHeaders.call(null, record2);
        if (!Array.isArray(headers)) {
          return this.__error(
            new CsvError(
              "CSV_INVALID_COLUMN_MAPPING",
              [
                "Invalid Column Mapping:",
                "expect an array from column function,",
                `got ${JSON.stringify(headers)}`
              ],
              this.options,
              this.__infoField(),
              {
                headers
              }
            )
          );
        }
        const normalizedHeaders = normalize_columns_array(headers);
        this.state.expectedRecordLength = normalizedHeaders.length;
        this.options.columns = normalizedHeaders;
        this.__resetRecord();
        return;
      } catch (err) {
        return err;
      }
    },
    __resetRecord: function() {
      if (this.options.raw === true) {
        this.state.rawBuffer.reset();
      }
      this.state.error = void 0;
      this.state.record = [];
      this.state.record_length = 0;
    },
    __onField: function() {
      const { cast, encoding, rtrim, max_record_size } = this.options;
      const { enabled, wasQuoting } = this.state;
      if (enabled === false) {
        return this.__resetField();
      }
      let field = this.state.field.toString(encoding);
      if (rtrim === true && wasQuoting === false) {
        field = field.trimRight();
      }
      if (cast === true) {
        const [err, f2] = this.__cast(field);
        if (err !== void 0) return err;
        field = f2;
      }
      this.state.record.push(field);
      if (max_record_size !== 0 && typeof field === "string") {
        this.state.record_length += field.length;
      }
      this.__resetField();
    },
    __resetField: function() {
      this.state.field.reset();
      this.state.wasQuoting = false;
    },
    __push: function(record2, push) {
      const { on_record } = this.options;
      if (on_record !== void 0) {
        const info3 = this.__infoRecord();
        try {
          record2 = on_record.call(null, record2, info3);
        } catch (err) {
          return err;
        }
        if (record2 === void 0 || record2 === null) {
          return;
        }
      }
      this.info.bytes_records += this.info.bytes;
      push(record2);
    },
    // Return a tuple with the error and the casted value
    __cast: function(field) {
      const { columns, relax_column_count } = this.options;
      const isColumns = Array.isArray(columns);
      if (isColumns === true && relax_column_count && this.options.columns.length <= this.state.record.length) {
        return [void 0, void 0];
      }
      if (this.state.castField !== null) {
        try {
          const info3 = this.__infoField();
          return [void 0, this.state.castField.call(null, field, info3)];
        } catch (err) {
          return [err];
        }
      }
      if (this.__isFloat(field)) {
        return [void 0, parseFloat(field)];
      } else if (this.options.cast_date !== false) {
        const info3 = this.__infoField();
        return [void 0, this.options.cast_date.call(null, field, info3)];
      }
      return [void 0, field];
    },
    __compareBytes: function(sourceBuf, targetBuf, targetPos, firstByte) {
      if (sourceBuf[0] !== firstByte) return 0;
      const sourceLength = sourceBuf.length;
      for (let i = 1; i < sourceLength; i++) {
        if (sourceBuf[i] !== targetBuf[targetPos + i]) return 0;
      }
      return sourceLength;
    },
    // Helper to test if a character is trimable
    __isCharTrimable: function(buf, pos2) {
      const { timchars, timcharFirstBytes } = this.state;
      const first = buf[pos2];
      if (first === void 0 || timcharFirstBytes[first] === 0) return 0;
      loop1: for (let i = 0; i < timchars.length; i++) {
        const timchar = timchars[i];
        for (let j2 = 0; j2 < timchar.length; j2++) {
          if (timchar[j2] !== buf[pos2 + j2]) continue loop1;
        }
        return timchar.length;
      }
      return 0;
    },
    __isDelimiter: function(buf, pos2, chr) {
      const { delimiter: delimiter3, ignore_last_delimiters } = this.options;
      if (ignore_last_delimiters === true && this.state.record.length === this.options.columns.length - 1) {
        return 0;
      } else if (ignore_last_delimiters !== false && typeof ignore_last_delimiters === "number" && this.state.record.length === ignore_last_delimiters - 1) {
        return 0;
      }
      loop1: for (let i = 0; i < delimiter3.length; i++) {
        const del = delimiter3[i];
        if (del[0] === chr) {
          for (let j2 = 1; j2 < del.length; j2++) {
            if (del[j2] !== buf[pos2 + j2]) continue loop1;
          }
          return del.length;
        }
      }
      return 0;
    },
    __isEscape: function(buf, pos2, chr) {
      const { escape } = this.options;
      if (escape === null) return false;
      const l = escape.length;
      if (escape[0] === chr) {
        for (let i = 0; i < l; i++) {
          if (escape[i] !== buf[pos2 + i]) {
            return false;
          }
        }
        return true;
      }
      return false;
    },
    __isFloat: function(value) {
      return value - parseFloat(value) + 1 >= 0;
    },
    // Keep it in case we implement the `cast_int` option
    // __isInt(value){
    //   // return Number.isInteger(parseInt(value))
    //   // return !isNaN( parseInt( obj ) );
    //   return /^(\-|\+)?[1-9][0-9]*$/.test(value)
    // }
    __isQuote: function(buf, pos2) {
      const { quote: quote2 } = this.options;
      if (quote2 === null) return false;
      const l = quote2.length;
      for (let i = 0; i < l; i++) {
        if (quote2[i] !== buf[pos2 + i]) {
          return false;
        }
      }
      return true;
    },
    __isRecordDelimiter: function(chr, buf, pos2) {
      const { record_delimiter } = this.options;
      const recordDelimiterLength = record_delimiter.length;
      loop1: for (let i = 0; i < recordDelimiterLength; i++) {
        const rd = record_delimiter[i];
        const rdLength = rd.length;
        if (rd[0] !== chr) {
          continue;
        }
        for (let j2 = 1; j2 < rdLength; j2++) {
          if (rd[j2] !== buf[pos2 + j2]) {
            continue loop1;
          }
        }
        return rd.length;
      }
      return 0;
    },
    __autoDiscoverRecordDelimiter: function(buf, pos2) {
      const { encoding } = this.options;
      const rds = [
        // Important, the windows line ending must be before mac os 9
        Buffer.from("\r\n", encoding),
        Buffer.from("\n", encoding),
        Buffer.from("\r", encoding)
      ];
      loop: for (let i = 0; i < rds.length; i++) {
        const l = rds[i].length;
        for (let j2 = 0; j2 < l; j2++) {
          if (rds[i][j2] !== buf[pos2 + j2]) {
            continue loop;
          }
        }
        this.options.record_delimiter.push(rds[i]);
        this.state.recordDelimiterMaxLength = rds[i].length;
        return rds[i].length;
      }
      return 0;
    },
    __error: function(msg) {
      const { encoding, raw, skip_records_with_error } = this.options;
      const err = typeof msg === "string" ? new Error(msg) : msg;
      if (skip_records_with_error) {
        this.state.recordHasError = true;
        if (this.options.on_skip !== void 0) {
          try {
            this.options.on_skip(
              err,
              raw ? this.state.rawBuffer.toString(encoding) : void 0
            );
          } catch (err2) {
            return err2;
          }
        }
        return void 0;
      } else {
        return err;
      }
    },
    __infoDataSet: function() {
      return {
        ...this.info,
        columns: this.options.columns
      };
    },
    __infoRecord: function() {
      const { columns, raw, encoding } = this.options;
      return {
        ...this.__infoDataSet(),
        bytes_records: this.info.bytes,
        error: this.state.error,
        header: columns === true,
        index: this.state.record.length,
        raw: raw ? this.state.rawBuffer.toString(encoding) : void 0
      };
    },
    __infoField: function() {
      const { columns } = this.options;
      const isColumns = Array.isArray(columns);
      const bytes_records = this.info.bytes_records;
      return {
        ...this.__infoRecord(),
        bytes_records,
        column: isColumns === true ? columns.length > this.state.record.length ? columns[this.state.record.length].name : null : this.state.record.length,
        quoting: this.state.wasQuoting
      };
    }
  };
};

// node_modules/csv-parse/lib/sync.js
var parse3 = function(data, opts = {}) {
  if (typeof data === "string") {
    data = Buffer.from(data);
  }
  const records2 = opts && opts.objname ? /* @__PURE__ */ Object.create(null) : [];
  const parser = transform(opts);
  const push = (record2) => {
    if (parser.options.objname === void 0) records2.push(record2);
    else {
      records2[record2[0]] = record2[1];
    }
  };
  const close = () => {
  };
  const error2 = parser.parse(data, true, push, close);
  if (error2 !== void 0) throw error2;
  return records2;
};

// packages/action/src/list.ts
function readList(text3, { commas, trimEnd = true }) {
  if (text3.trim() === "") return [];
  return records(text3).flatMap((record2) => {
    if (!commas) return [record2.join(",")];
    return record2.length === 1 ? (record2[0] ?? "").split(",") : record2;
  }).map((element) => trimEnd ? element.trim() : element.trimStart()).filter((element) => element !== "");
}
function records(text3) {
  try {
    return parse3(text3, { columns: false, relax_quotes: true, relax_column_count: true, skip_empty_lines: true });
  } catch {
    throw new Error("a quote at the beginning of a value has no end; a quote within quotes is doubled");
  }
}

// packages/action/src/logins.ts
init_js_yaml();
var FIELDS2 = /* @__PURE__ */ new Set(["registry", "username", "password"]);
var HUB = "docker.io";
var MAX_LOGINS = 100;
function readLogins(inputs2, problem) {
  const { registry: registry2, username, password, registryAuth } = inputs2;
  const single = registry2 !== "" || username !== "" || password !== "";
  if (registryAuth === "") return single ? checked([{ registry: registry2, username, password }], problem) : [];
  if (single) problem("`registry-auth` is used instead of `registry`, `username` and `password`, not beside them");
  return checked(readYaml2(registryAuth, problem), problem);
}
function secretsOf2(logins) {
  return logins.filter(({ password }) => password !== "").flatMap(({ username, password }) => [password, Buffer.from(`${username}:${password}`).toString("base64")]);
}
function readYaml2(text3, problem) {
  let parsed;
  try {
    parsed = load(text3, { schema: FAILSAFE_SCHEMA });
  } catch {
    parsed = void 0;
  }
  if (!Array.isArray(parsed) || parsed.length > MAX_LOGINS) {
    problem("`registry-auth` is no YAML list: each entry is `- registry: host`, with `username:` and `password:` below");
    return [];
  }
  if (parsed.some((entry2) => Object.keys(Object(entry2)).some((key2) => !FIELDS2.has(key2)))) {
    problem("`registry-auth` has other fields than registry, username and password");
  }
  return parsed.map((entry2) => {
    const field = (name2) => {
      const value = typeof entry2 === "object" && entry2 !== null ? entry2[name2] : "";
      return typeof value === "string" ? value : "";
    };
    return { registry: field("registry"), username: field("username"), password: field("password") };
  });
}
function checked(logins, problem) {
  const seen = /* @__PURE__ */ new Set();
  return logins.flatMap((login2) => {
    const registry2 = login2.registry === "" ? HUB : login2.registry.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
    if (!/^[A-Za-z0-9.-]+(?::\d+)?$|^\[[0-9A-Fa-f:]+\](?::\d+)?$/.test(registry2)) {
      problem("`registry` is a host, with a port where it needs one, such as ghcr.io or harbor.example.com:8443");
      return [];
    }
    if (login2.username === "" || login2.password === "") {
      const missing = login2.username === "" ? "username" : "password";
      problem(
        `the login for ${registry2} has no \`${missing}\`; a secret that does not exist, or that a run of a fork may not see, is empty`
      );
      return [];
    }
    if (login2.username.includes(":")) {
      problem(`the \`username\` for ${registry2} has a colon in it, which HTTP Basic cannot carry`);
      return [];
    }
    if (seen.has(registry2)) {
      problem(`\`registry-auth\` has two logins for ${registry2}`);
      return [];
    }
    seen.add(registry2);
    return [{ ...login2, registry: registry2 }];
  });
}

// packages/action/src/place.ts
init_js_yaml();
var BACKENDS = ["auto", "broker", "kubernetes", "docker", "local"];
var RESOURCES = ["cpu", "memory", "ephemeral-storage"];
var QUANTITY = /^\d+(?:\.\d+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;
var NAME5 = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
var LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
var LABEL_KEY = /^(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
function readPlace(inputs2, problem) {
  const backend = BACKENDS.find((name2) => name2 === inputs2.backend);
  if (backend === void 0) {
    problem(`\`backend\` is one of ${BACKENDS.join(", ")}, not ${JSON.stringify(inputs2.backend)}`);
  }
  if (inputs2.namespace !== "" && !NAME5.test(inputs2.namespace)) problem("`namespace` is no name of a namespace");
  const { kubeconfig } = inputs2;
  const connector2 = readConnector2(inputs2, problem);
  if (inputs2.load && !["auto", "docker"].includes(inputs2.backend)) {
    problem(
      `\`load\` is for the backend docker, and not for ${inputs2.backend}; write \`outputs: type=docker,dest=image.tar\``
    );
  }
  if (inputs2.load && inputs2.push) problem("`load` and `push` exclude each other: build again to push, or `docker push`");
  const only = connector2 !== void 0 ? "kubernetes" : inputs2.load ? "docker" : "auto";
  return {
    backend: backend === void 0 || backend === "auto" ? only : backend,
    ...connector2 === void 0 ? {} : { connector: connector2 },
    ...kubeconfig === "" ? {} : { kubeconfig: /[\n{]/.test(kubeconfig) ? { content: kubeconfig } : { path: kubeconfig } },
    ...inputs2.namespace === "" ? {} : { namespace: inputs2.namespace },
    resources: readResources(inputs2.resources, problem),
    nodeSelector: readSelector(inputs2.nodeSelector, problem)
  };
}
function readConnector2({
  connector: connector2,
  serviceAccount,
  backend,
  push
}, problem) {
  if (connector2 === "") {
    if (serviceAccount !== "") problem("`service-account` is for a build pod with a `connector`, and there is none");
    return void 0;
  }
  if (!isConnectorName(connector2)) problem("`connector` is the NAMESPACE/NAME of a Connector, or its name");
  if (serviceAccount === "") {
    problem("`connector` needs a `service-account`: the account of the build pod, which may get the connector");
  } else if (!isConnectorName(serviceAccount) || serviceAccount.includes("/")) {
    problem("`service-account` is no name of a service account");
  }
  if (!["auto", "kubernetes"].includes(backend)) {
    problem(
      `\`connector\` is for the backend kubernetes, and not for ${backend}; the hook pushes through the connectors of its settings`
    );
  }
  if (!push) problem("`connector` is for a push, and `push` is not true");
  return { name: connector2, serviceAccount };
}
var SECRET_FIELDS = [
  ...["token", "password", "client-key-data"],
  ...["access-token", "refresh-token", "id-token", "client-secret"]
];
var SHORTEST_SECRET = 4;
function secretsOfKubeconfig(content) {
  const secrets = [];
  const seen = /* @__PURE__ */ new Set();
  const look = (value) => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    for (const [name2, inner] of Object.entries(value)) {
      if (typeof inner === "string" && SECRET_FIELDS.includes(name2)) secrets.push(inner.trim());
      else look(inner);
    }
  };
  try {
    look(load(content, { schema: FAILSAFE_SCHEMA }));
  } catch {
    const field = new RegExp(`["']?(?:${SECRET_FIELDS.join("|")})["']?:[ \\t]*["']?([^\\s"',}]+)`, "g");
    secrets.push(...[...content.matchAll(field)].flatMap(([, value]) => value ?? []));
  }
  return secrets.filter((secret2) => secret2.length >= SHORTEST_SECRET);
}
function readResources(elements2, problem) {
  const resources = {};
  for (const element of elements2) {
    const [name2, quantity] = splitPair2(element) ?? [element, ""];
    if (RESOURCES.includes(name2) && QUANTITY.test(quantity)) resources[name2] = quantity;
    else problem(`\`resources\` has ${JSON.stringify(element)}; possible is cpu=2,memory=4Gi,ephemeral-storage=20Gi`);
  }
  return resources;
}
function readSelector(elements2, problem) {
  const selector = {};
  for (const element of elements2) {
    const [key2, value] = splitPair2(element) ?? [element, void 0];
    if (value !== void 0 && LABEL_KEY.test(key2) && LABEL_VALUE.test(value)) selector[key2] = value;
    else problem(`\`node-selector\` has ${JSON.stringify(element)}, which is no KEY=VALUE of a node's label`);
  }
  return selector;
}

// packages/action/src/secrets.ts
var import_node_fs24 = require("node:fs");
var import_promises31 = require("node:fs/promises");
var import_node_path36 = require("node:path");
var MAX_BYTES6 = 500 * 1024;
var ID2 = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/;
function readSecrets(inputs2, place2, problem) {
  const ids = /* @__PURE__ */ new Set();
  const pairs5 = (input, elements2) => elements2.flatMap((element) => {
    const pair = splitPair2(element);
    if (pair === void 0 || pair[0] === "" || pair[1] === "") {
      const about = input === "secrets" ? "; a secret that does not exist is empty" : "";
      problem(
        `\`${input}\` has ${pair?.[1] === "" ? `no value for ${shownId(pair[0])}` : "a line that is not ID=VALUE"}${about}`
      );
      return [];
    }
    if (!ID2.test(pair[0]))
      problem(`\`${input}\` has an id that is none: letters, digits, "_", "-" and "." are possible`);
    else if (ids.has(pair[0])) problem(`two build secrets have the id ${pair[0]}`);
    else {
      ids.add(pair[0]);
      return [pair];
    }
    return [];
  });
  const values = pairs5("secrets", inputs2.values).map(([id, value]) => ({ id, value: Buffer.from(value) }));
  const envs = pairs5("secret-envs", inputs2.envs).flatMap(([id, variable]) => {
    const value = variableOf(place2.environment, variable);
    if (value !== void 0 && value !== "") return [{ id, value: Buffer.from(value) }];
    problem(`\`secret-envs\` names for ${id} a variable that is not set; give it in \`env\` of the step`);
    return [];
  });
  const files = pairs5("secret-files", inputs2.files).map(([id, path8]) => ({ id, path: (0, import_node_path36.resolve)(place2.workspace, path8) }));
  return { secrets: [...values, ...envs], files };
}
async function readSecretFile({ id, path: path8 }) {
  const wrong = (why) => new Error(`\`secret-files\`: ${path8}, for ${id}, ${why}`);
  const file = await (0, import_promises31.open)(path8, import_node_fs24.constants.O_RDONLY | import_node_fs24.constants.O_NONBLOCK).catch((error2) => {
    throw wrong(
      `cannot be read (${error2.code ?? "unknown"}); is the path relative to the workspace?`
    );
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw wrong("is no file");
    if (found.size > MAX_BYTES6) throw wrong("has more than 500 KiB, which is too much for a build secret");
    return { id, value: await file.readFile() };
  } finally {
    await file.close();
  }
}
function shownId(id) {
  return ID2.test(id) ? id : "an id";
}

// packages/action/src/inputs.ts
function readInputs(input, around) {
  const problems = [];
  const notices = [];
  const problem = (sentence2) => void problems.push(sentence2);
  const notice2 = (sentence2) => void notices.push(sentence2);
  const lines = (name2) => elements(input, name2, { commas: false }, problem);
  const words = (name2) => elements(input, name2, { commas: true }, problem);
  const isTrue = (name2) => readBoolean(input, name2, problem);
  sayWhatIsNotHonoured(input, problem, notice2);
  const outputs = readOutputs(lines("outputs"), around.workspace, problem);
  const tags = readTags([...words("tags"), ...outputs.names], problem);
  const push = readPush(input, around, notice2, problem) || outputs.push;
  if (push && tags.length === 0) problem("`tags` is empty, and an image without a name cannot be pushed");
  const isLoaded = isTrue("load");
  if (isLoaded && tags.length === 0) problem("`tags` is empty, and an image without a name cannot be loaded");
  const platform2 = readPlatform(words("platforms"), problem);
  const repository = readCache(
    {
      cache: input("cache") || "auto",
      noCache: isTrue("no-cache"),
      repository: input("cache-repository"),
      from: lines("cache-from"),
      to: lines("cache-to"),
      tags
    },
    { problem, notice: notice2 }
  );
  const target = input("target");
  const ttlMs = duration(input, "cache-ttl", problem);
  if (!["kaniko", ""].includes(input("engine"))) problem("`engine` is kaniko; others cannot be chosen yet");
  const build2 = {
    tags,
    push,
    buildArgs: readBuildArgs(lines("build-args"), around.environment, problem),
    labels: readLabels(lines("labels"), problem),
    annotations: readAnnotations(lines("annotations"), problem, notice2),
    ...target === "" ? {} : { target },
    ...platform2 === void 0 ? {} : { platform: platform2 },
    ...repository === void 0 ? {} : { cache: { repository, ttlMs } },
    files: outputs.files,
    engineArgs: readEngineArgs(input, problem),
    registryMirrors: words("registry-mirrors"),
    insecureRegistries: readHosts(words("insecure-registries"), problem),
    pushRetries: readRetries(input("push-retry"), problem),
    timeoutMs: duration(input, "timeout", problem, LONGEST_TIMEOUT_MS)
  };
  const { secrets, files } = readSecrets(
    {
      values: elements(input, "secrets", { commas: false, trimEnd: false }, problem),
      envs: words("secret-envs"),
      files: lines("secret-files")
    },
    around,
    problem
  );
  const logins = readLogins(
    {
      registry: input("registry"),
      username: input("username"),
      password: input("password"),
      registryAuth: input("registry-auth")
    },
    problem
  );
  const place2 = readPlace(
    {
      backend: input("backend") || "auto",
      kubeconfig: input("kubeconfig"),
      namespace: input("namespace"),
      connector: input("connector"),
      serviceAccount: input("service-account"),
      // A run of a fork that pushes nothing is no mistake of whoever wrote the workflow.
      push: push || input("push") === "auto",
      load: isLoaded,
      resources: words("resources"),
      nodeSelector: words("node-selector")
    },
    problem
  );
  const context = readContext2(input("context") || ".", input("file"), around.workspace, problem);
  const summary2 = isTrue("summary") && wantsSummary(around.environment);
  const logout2 = isTrue("logout");
  if (context !== void 0) {
    sayWhatDiffers({ context, logins, secrets, buildArgs: build2.buildArgs }, around.environment, problem, notice2);
  }
  return {
    wanted: problems.length > 0 || context === void 0 ? void 0 : { build: build2, context, secrets, secretFiles: files, logins, logout: logout2, place: place2, summary: summary2 },
    problems,
    notices,
    masks: [
      ...input("password") === "" ? [] : [input("password")],
      ...secretsOf2(logins),
      ...secrets.map(({ value }) => value.toString()),
      ...place2.kubeconfig !== void 0 && "content" in place2.kubeconfig ? secretsOfKubeconfig(place2.kubeconfig.content) : []
    ]
  };
}
function sayWhatIsNotHonoured(input, problem, notice2) {
  for (const { name: name2, ignored, refused: refused3 } of INPUTS) {
    const value = input(name2);
    if (refused3?.unless.includes(value) === false) problem(`\`${name2}\` is not possible here: ${refused3.instead}`);
    if (ignored?.unless.includes(value) === false) notice2(`\`${name2}\` changes nothing: ${ignored.because}.`);
  }
}
function elements(input, name2, options, problem) {
  try {
    return readList(input(name2), options);
  } catch (error2) {
    problem(`\`${name2}\`: ${error2 instanceof Error ? error2.message : String(error2)}`);
    return [];
  }
}
function readBoolean(input, name2, problem) {
  const value = input(name2);
  const initial = INPUTS.find((each) => each.name === name2)?.default;
  const text3 = value === "" ? initial ?? "false" : value;
  if (["true", "True", "TRUE"].includes(text3)) return true;
  if (!["false", "False", "FALSE"].includes(text3)) problem(`\`${name2}\` is true or false, not ${JSON.stringify(text3)}`);
  return false;
}
function readPush(input, { eventName, event }, notice2, problem) {
  if (input("push") !== "auto") return readBoolean(input, "push", problem);
  if (!isFromFork(eventName, event)) return true;
  notice2(
    event === void 0 ? "`push: auto` pushes nothing, since the event of this run could not be read." : "`push: auto` pushes nothing in a run of a pull request from a fork."
  );
  return false;
}
function readTags(texts, problem) {
  const tags = texts.flatMap((text3) => {
    try {
      const { domain, repository, tag = "latest", digest: digest2 } = parseReference(text3);
      if (digest2 === void 0) return [formatReference({ domain, repository, tag })];
      problem(`\`tags\` has ${JSON.stringify(text3)}: a digest follows from the build and cannot be chosen`);
    } catch (error2) {
      problem(`\`tags\`: ${error2 instanceof Error ? error2.message : String(error2)}`);
    }
    return [];
  });
  return [...new Set(tags)];
}
function readPlatform(platforms, problem) {
  const [platform2] = platforms;
  if (platforms.length > 1) {
    problem(
      `\`platforms\` has ${platforms.length} platforms, and one build makes one: run the step in a matrix with a runner for each`
    );
  }
  if (platform2 !== void 0 && !/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/.test(platform2)) {
    problem(`\`platforms\` has ${JSON.stringify(platform2)}, which is no platform such as linux/amd64`);
  }
  return platform2;
}
function readEngineArgs(input, problem) {
  const args = input("engine-args").split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  try {
    return [...extraArguments(args)];
  } catch (error2) {
    problem(`\`engine-args\`: ${error2 instanceof Error ? error2.message : String(error2)}`);
    return [];
  }
}
function readHosts(hosts, problem) {
  for (const host of hosts) {
    if (/^[A-Za-z0-9.-]+(?::\d+)?$|^\[[0-9A-Fa-f:]+\](?::\d+)?$/.test(host)) continue;
    problem(`\`insecure-registries\` has ${JSON.stringify(host)}, which is no host or host:port`);
  }
  return [...hosts];
}
function readRetries(text3, problem) {
  const retries = text3 === "" ? 3 : Number(text3);
  if (/^\d*$/.test(text3) && retries <= 10) return retries;
  problem(`\`push-retry\` is a number from 0 to 10, not ${JSON.stringify(text3)}`);
  return 0;
}
var LONGEST_TIMEOUT_MS = 576 * 36e5;
function duration(input, name2, problem, longest = Infinity) {
  const initial = INPUTS.find((each) => each.name === name2)?.default ?? "";
  const text3 = input(name2) || initial;
  const ms2 = readDuration(text3);
  if (ms2 !== void 0 && ms2 > 0 && ms2 <= longest) return ms2;
  if (ms2 !== void 0 && ms2 > longest) {
    problem(`\`${name2}\` is at most ${longest / 36e5}h, not ${JSON.stringify(text3)}`);
    return longest;
  }
  problem(`\`${name2}\` is a duration such as ${initial}, not ${JSON.stringify(text3)}`);
  return 0;
}

// packages/action/src/environment.ts
function workspaceOf(environment) {
  return environment["GITHUB_WORKSPACE"] ?? process.cwd();
}
async function readStep(environment) {
  const input = (name2) => (environment[`INPUT_${name2.toUpperCase()}`] ?? "").trim();
  const path8 = environment["GITHUB_EVENT_PATH"];
  return readInputs(input, {
    workspace: workspaceOf(environment),
    environment,
    eventName: environment["GITHUB_EVENT_NAME"] ?? "",
    event: path8 === void 0 ? void 0 : await readEvent(path8)
  });
}
function runnerOf(environment) {
  const { info: info2, notice: notice2, error: error2, setSecret: setSecret2, setOutput: setOutput2, saveState: saveState2 } = core_exports;
  const summary2 = environment["GITHUB_STEP_SUMMARY"];
  const summarise2 = async (markdown) => {
    if (summary2 !== void 0 && summary2 !== "") await (0, import_promises32.appendFile)(summary2, markdown);
  };
  return { info: info2, notice: notice2, error: error2, setSecret: setSecret2, setOutput: setOutput2, saveState: saveState2, summarise: summarise2 };
}

// packages/action/src/keep-logins.ts
async function keepLogins({ wanted }, environment, runner) {
  if (wanted === void 0 || wanted.logout || wanted.logins.length === 0) return;
  const path8 = dockerConfigFile(seenByLaterSteps(environment));
  try {
    for (const { registry: registry2, username, password } of wanted.logins) await login(path8, registry2, username, password);
    const registries = wanted.logins.map(({ registry: registry2 }) => registry2).join(", ");
    runner.info(plainLine(`Kept the login for ${registries} in ${path8}, as \`logout: false\` asks for.`));
  } catch (error2) {
    const why = error2 instanceof Error ? error2.message : String(error2);
    runner.notice(plainLine(`\`logout: false\`: the logins could not be kept for later steps: ${why}`));
  }
}
function seenByLaterSteps(environment) {
  const isKanikos = environment["DOCKER_CONFIG"]?.startsWith("/kaniko/") === true;
  return isKanikos ? { ...environment, DOCKER_CONFIG: void 0 } : environment;
}

// packages/action/src/run.ts
var import_node_path37 = require("node:path");

// packages/action/src/advice.ts
var ADVICE2 = {
  DOCKERFILE_MISSING: "Check `context` and `file`; `file` is relative to the workspace.",
  DOCKERFILE_UNSUPPORTED: "Change the lines that are named; docs/dockerfile.md says what is built otherwise than by Docker.",
  DOCKERFILE_FAILED: "Look at the output of the instruction above; the same build by `docker build` shows whether the Dockerfile is right.",
  REQUEST_REFUSED: "Change the input that is named.",
  NO_BACKEND: "Give `kubeconfig`, or run the job where one of these can build; docs/action.md says what each needs.",
  CONTEXT_FAILED: "Check that the context can be read, and leave out with .dockerignore what the image does not need.",
  BASE_IMAGE: "Check the name in FROM, and give `registry`, `username` and `password` for a private image.",
  REGISTRY_UNREACHABLE: "Check the name of the registry, and whether pods of the cluster may reach it.",
  PUSH_FAILED: "Check `username` and `password`, and whether they may push to this repository. On ghcr.io the job needs `permissions: packages: write`.",
  POD_FAILED: "Run the job again; if the same thing is said, ask who runs the cluster.",
  TIMEOUT: "Give the build more time with `timeout`, or less to do with a cache.",
  ABORTED: "The step was cancelled. Run it again."
};
function adviceFor(code3) {
  return ADVICE2[code3];
}

// packages/action/src/annotations.ts
var MAX_ANNOTATIONS = 5;
var NAMED = /\bline (\d{1,6})(?:,| \(|\))/;
function annotate(error2) {
  const [message = ""] = error2.message.split("\n");
  if (error2.code === "DOCKERFILE_UNSUPPORTED") {
    const findings = error2.message.split(/\n|(?=\bline \d{1,6} \()/).filter((part) => NAMED.test(part));
    if (findings.length > 0) {
      return findings.slice(0, MAX_ANNOTATIONS).map((part) => ({ title: "Cannot be built here", message: part.trim(), line: Number(NAMED.exec(part)?.[1]) }));
    }
  }
  return [{ title: titleOf(error2, message), message, line: error2.at?.line }];
}
function titleOf({ code: code3, at: at2 }, message) {
  const keyword = at2?.instruction.split(/\s/, 1)[0]?.toUpperCase();
  const exit = /ended with exit code (\d+)$/.exec(message)?.[1];
  if (code3 !== "DOCKERFILE_FAILED" || keyword === void 0) return "The build failed";
  return exit === void 0 ? `${keyword} failed` : `${keyword} failed (exit code ${exit})`;
}

// packages/action/src/build-log.ts
var import_node_crypto15 = require("node:crypto");
var TITLES = {
  context: "Context",
  bases: "Base images",
  build: "Build",
  push: "Push"
};
var KEPT_LINES3 = 20;
var SILENCE_MS3 = 6e4;
var BuildLog = class {
  #print;
  #tail = [];
  #open;
  #isOver = false;
  #heard = Date.now();
  #heartbeat;
  /** @param print takes a line for the workflow log as it is */
  constructor(print2, silenceMs = SILENCE_MS3) {
    this.#print = print2;
    this.#heartbeat = setInterval(() => this.#beat(silenceMs), silenceMs).unref();
  }
  phase = (phase) => {
    if (this.#isOver || this.#open?.phase === phase) return;
    this.#endGroup();
    const token = (0, import_node_crypto15.randomUUID)();
    this.#print(`::group::${TITLES[phase]}`);
    this.#print(`::stop-commands::${token}`);
    this.#open = { phase, token, since: Date.now() };
    this.#heard = Date.now();
  };
  line = (line) => {
    if (this.#open === void 0) this.phase("context");
    this.#heard = Date.now();
    this.#tail.push(line);
    if (this.#tail.length > KEPT_LINES3) this.#tail.shift();
    if (!this.#isOver) this.#print(line);
  };
  /** The last lines that were told, at most 20. */
  get tail() {
    return this.#tail;
  }
  /** Ends the last group; commands work again, and what comes later is not printed. */
  end() {
    this.#isOver = true;
    clearInterval(this.#heartbeat);
    this.#endGroup();
  }
  #beat(silenceMs) {
    if (this.#open === void 0 || Date.now() - this.#heard < silenceMs) return;
    const { phase, since } = this.#open;
    this.#print(
      `Nothing new for ${seconds(Date.now() - this.#heard)}; ${TITLES[phase]} for ${seconds(Date.now() - since)}.`
    );
  }
  #endGroup() {
    if (this.#open === void 0) return;
    this.#print(`::${this.#open.token}::`);
    this.#print("::endgroup::");
    this.#open = void 0;
  }
};

// packages/action/src/outputs.ts
function makeOutputs(tags, outcome) {
  const { digest: digest2, imageId, pushed } = outcome;
  for (const told of [digest2, ...imageId === void 0 ? [] : [imageId]]) {
    if (!isDigest(told))
      throw new Error(`the backend ${outcome.backend} gave no digest, but ${JSON.stringify(told.slice(0, 100))}`);
  }
  const [first] = tags;
  const name2 = first === void 0 ? "" : repositoryOf(first);
  return {
    digest: digest2,
    imageid: imageId ?? "",
    metadata: JSON.stringify(
      {
        "containerimage.digest": digest2,
        ...imageId === void 0 ? {} : { "containerimage.config.digest": imageId },
        ...tags.length === 0 ? {} : { "image.name": tags.join(",") }
      },
      void 0,
      2
    ),
    image: name2 === "" ? "" : `${name2}@${digest2}`,
    tags: pushed.join("\n"),
    "subject-name": name2,
    "build-id": outcome.buildId,
    backend: outcome.backend
  };
}
function repositoryOf(reference) {
  const { domain, repository } = parseReference(reference);
  return formatReference({ domain, repository });
}

// packages/action/src/summary.ts
var MAX_BYTES7 = 64 * 1024;
var MAX_LINE = 400;
function escaped2(text3) {
  return text3.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").replace(/[^A-Za-z0-9 \u0080-\u{10FFFF}]/gu, (character) => `&#${character.codePointAt(0) ?? 32};`);
}
function code2(text3) {
  return `<code>${escaped2(text3)}</code>`;
}
function block(lines) {
  return `<pre>
${lines.map((line) => escaped2(line.slice(0, MAX_LINE))).join("\n")}
</pre>`;
}
function table(columns) {
  const shown3 = columns.filter((column) => column[1] !== void 0);
  const row = (cells) => `| ${cells.join(" | ")} |`;
  return [row(shown3.map(([title]) => title)), row(shown3.map(() => "---")), row(shown3.map(([, cell]) => cell))].join(
    "\n"
  );
}
function summariseBuild(wanted, outcome) {
  const { build: build2 } = wanted;
  const { durationsMs, digest: digest2, size } = outcome;
  const [first] = build2.tags;
  const name2 = first === void 0 ? "an image without a name" : repositoryOf(first);
  const time = (ms2) => ms2 === void 0 ? void 0 : seconds(ms2);
  const parts = Object.values(durationsMs);
  const isPushed = outcome.pushed.length > 0;
  return bounded([
    `### Kaniko build: \u2705 ${code2(name2)}`,
    table([
      ["Image", isPushed ? outcome.pushed.map(code2).join("<br>") : "not pushed"],
      ["Digest", code2(digest2)],
      ["Size", size === void 0 ? void 0 : megabytes(size)],
      ["Platform", build2.platform === void 0 ? void 0 : code2(build2.platform)],
      ["Cache", build2.cache === void 0 ? "off" : code2(build2.cache.repository)],
      ["Queue", time(durationsMs.queue)],
      ["Context", time(durationsMs.context)],
      ["Base images", time(durationsMs.bases)],
      ["Build", time(durationsMs.build)],
      ["Push", time(durationsMs.push)],
      ["Total", parts.length < 2 ? void 0 : time(parts.reduce((sum, ms2) => sum + ms2, 0))]
    ]),
    ...isPushed ? [block([`docker pull ${name2}@${digest2}`])] : [],
    inputs(wanted, `${outcome.backend}, ${outcome.buildId}`)
  ]);
}
function summariseFailure(failure2, wanted, masks) {
  const name2 = wanted?.build.tags[0];
  const clean = (text3) => redact(text3, masks);
  const { at: at2 } = failure2;
  return bounded([
    `### Kaniko build: \u274C ${name2 === void 0 ? "no image" : code2(name2)}`,
    block(clean(failure2.message).split("\n").slice(0, 30)),
    ...at2 === void 0 ? [] : [`**Where:** ${code2(at2.file)}, line ${at2.line}: ${code2(clean(at2.instruction))}`],
    `**What to do:** ${escaped2(failure2.advice)}`,
    ...failure2.tail.length === 0 ? [] : [
      `<details><summary>The last lines of the build</summary>

${block(clean(failure2.tail.join("\n")).split("\n").slice(-20))}

</details>`
    ],
    ...wanted === void 0 ? [] : [inputs(wanted, wanted.place.backend)]
  ]);
}
function inputs({ build: build2, context, secrets, secretFiles, logins }, where) {
  const list = (values) => values.length === 0 ? "-" : values.join(", ");
  const lines = [
    `context: ${context.kind === "git" ? withoutUser(context.url) : context.path}`,
    `file: ${context.file ?? "-"}`,
    `tags: ${list(build2.tags)}`,
    `push: ${String(build2.push)}`,
    `target: ${build2.target ?? "-"}`,
    `build-args: ${list(Object.keys(build2.buildArgs))}`,
    `labels: ${list(Object.keys(build2.labels))}`,
    `secrets: ${list([...secrets, ...secretFiles].map(({ id }) => id))}`,
    `logins: ${list(logins.map(({ registry: registry2 }) => registry2))}`,
    `where: ${where}`
  ];
  return `<details><summary>What was asked for</summary>

${block(lines)}

</details>`;
}
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
function bounded(parts) {
  let text3 = "";
  for (const part of parts) {
    const longer = `${text3}${part}

`;
    if (Buffer.byteLength(longer) > MAX_BYTES7) break;
    text3 = longer;
  }
  return text3;
}

// packages/action/src/run.ts
async function buildImage(read4, place2, runner, choose, signal) {
  for (const mask of read4.masks) runner.setSecret(mask);
  for (const sentence2 of read4.notices) runner.notice(plainLine(sentence2));
  const { wanted } = read4;
  if (wanted === void 0) {
    const sentences = read4.problems.map(plainLine);
    runner.error(sentences.map((sentence2) => `${sentence2}.`).join("\n"), { title: "Inputs of the build" });
    return false;
  }
  const masks = [...read4.masks];
  const log = new BuildLog((line) => runner.info(line));
  try {
    const build2 = await complete(wanted, place2.workspace, (secret2) => {
      masks.push(secret2);
      runner.setSecret(secret2);
    });
    const { backend, reason } = await choose(wanted);
    for (const line of plainLines(reason)) runner.info(line);
    const unused = unusedBy(backend, wanted);
    if (unused !== void 0) runner.notice(plainLine(unused));
    runner.saveState(STATE.backend, backend.name);
    const started = (id) => runner.saveState(STATE.build, id);
    const listener = { line: log.line, phase: log.phase, started };
    const outcome = await backend.build(build2, listener, signal).finally(() => runner.saveState(STATE.build, ""));
    log.end();
    const outputs = makeOutputs(build2.tags, outcome);
    for (const reference of outcome.pushed) runner.info(plainLine(`Pushed ${reference}`));
    runner.info(plainLine(`Digest ${outcome.digest}`));
    const totalMs = Object.values(outcome.durationsMs).reduce((sum, ms2) => sum + ms2, 0);
    if (totalMs > 0) runner.info(`Built in ${seconds(totalMs)}.`);
    if (wanted.summary) await summarise(summariseBuild(wanted, outcome), runner);
    for (const [name2, value] of Object.entries(outputs)) runner.setOutput(name2, value);
    return true;
  } catch (error2) {
    log.end();
    await tellFailure(error2, { wanted, masks, tail: log.tail, workspace: place2.workspace }, runner);
    return false;
  }
}
async function complete(wanted, workspace, mask) {
  const fromFiles = await Promise.all(wanted.secretFiles.map(readSecretFile));
  for (const { value } of fromFiles) mask(value.toString());
  return {
    ...wanted.build,
    ...await openContext2(wanted.context, workspace),
    secrets: [...wanted.secrets, ...fromFiles]
  };
}
async function tellFailure(error2, build2, runner) {
  const message = error2 instanceof Error ? error2.message : String(error2);
  const { wanted, workspace } = build2;
  const advice2 = error2 instanceof BuildError ? adviceFor(error2.code) : "Read the message above.";
  for (const line of plainLines(message)) runner.info(line);
  runner.info(plainLine(advice2));
  for (const reference of pushedBefore(error2)) runner.info(plainLine(`Pushed before the failure: ${reference}`));
  if (error2 instanceof BuildError) {
    const path8 = dockerfilePath(wanted, workspace);
    for (const { line, title, message: sentence2 } of annotate(error2)) {
      const where = line === void 0 || path8 === void 0 ? {} : { file: (0, import_node_path37.relative)(workspace, path8), startLine: line };
      runner.error(plainLine(sentence2), { title: plainLine(title), ...where });
    }
  } else {
    runner.error(plainLine(message), { title: "The build failed" });
  }
  if (wanted.summary) {
    const at2 = error2 instanceof BuildError ? error2.at : void 0;
    await summarise(summariseFailure({ message, at: at2, advice: advice2, tail: build2.tail }, wanted, build2.masks), runner);
  }
}
async function summarise(markdown, runner) {
  try {
    await runner.summarise(markdown);
  } catch (error2) {
    const why = error2 instanceof Error ? error2.message : String(error2);
    runner.notice(plainLine(`The summary could not be written: ${why}`));
  }
}
function pushedBefore(error2) {
  const cause = error2 instanceof Error ? error2.cause : void 0;
  const pushed = typeof cause === "object" && cause !== null && "pushed" in cause ? cause.pushed : [];
  return Array.isArray(pushed) ? pushed.filter((each) => typeof each === "string") : [];
}
function dockerfilePath({ context }, workspace) {
  if (context.kind === "git") return void 0;
  return context.file === void 0 ? (0, import_node_path37.join)(context.path, "Dockerfile") : (0, import_node_path37.resolve)(workspace, context.file);
}

// packages/action/src/main.ts
async function build(environment) {
  const cancelled = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => cancelled.abort());
  const place2 = { workspace: workspaceOf(environment) };
  const runner = runnerOf(environment);
  runner.saveState(STATE.isPost, "true");
  const choose = (wanted) => chooseBackend(backendsFor(wanted, environment), wanted.place.backend);
  const read4 = await readStep(environment);
  const isBuilt = await buildImage(read4, place2, runner, choose, cancelled.signal);
  await keepLogins(read4, environment, runner);
  return isBuilt;
}
async function post(environment) {
  const state = (name2) => environment[`STATE_${name2}`] ?? "";
  await cleanUp(
    await readStep(environment),
    state,
    runnerOf(environment),
    (wanted, name2) => Promise.resolve(backendsFor(wanted, environment).find((backend) => backend.name === name2))
  );
  return true;
}
var isPost = process.env[`STATE_${STATE.isPost}`] === "true";
void (isPost ? post : build)(process.env).then((ok) => {
  process.stdout.write("", () => process.exit(ok ? 0 : 1));
});
