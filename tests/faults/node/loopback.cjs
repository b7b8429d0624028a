// Loaded into kinesis-mock by `node --require`. It listens on every address of the machine and has no setting for
// that, so every server of the process gets this address whatever it asked for.
"use strict";

const net = require("node:net");
const { listen } = net.Server.prototype;

net.Server.prototype.listen = function (first, ...others) {
  const options = first !== null && typeof first === "object" ? first : { port: first };
  const callback = others.filter((other) => typeof other === "function");
  return listen.call(this, { ...options, host: "127.0.0.1" }, ...callback);
};
