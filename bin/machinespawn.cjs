#!/usr/bin/env node
'use strict';
// Old syntax on purpose: this file must run on any Node >= 12, to find a newer one or to say what is missing.
var childProcess = require('child_process');
var fs = require('fs');
var os = require('os');
var path = require('path');
var url = require('url');

var MINIMUM = [22, 19];
var EXIT_PREREQUISITE = 6;
var HOW_TO_GET_NODE = '\nhint: npm install node@24   (beside machinespawn: it is found there)';
var EXIT_INTERNAL = 70;
var packageFolder = path.dirname(path.dirname(fs.realpathSync(__filename)));

function isNewEnough(version) {
  var parts = version.split('.').map(Number);
  if (parts[0] !== MINIMUM[0]) return parts[0] > MINIMUM[0];
  return parts[1] >= MINIMUM[1];
}

function findEntry() {
  var candidates = ['dist/cli-bundle/bin.js', 'dist/bin.js'];
  for (var i = 0; i < candidates.length; i += 1) {
    var file = path.join(packageFolder, candidates[i]);
    if (fs.existsSync(file)) return file;
  }
  return undefined;
}

// The npm package "node" carries a real Node binary: beside this package, or in any node_modules above it.
function findPackagedNode() {
  var folder = packageFolder;
  for (;;) {
    var file = path.join(folder, 'node_modules', 'node', 'bin', 'node');
    if (fs.existsSync(file)) return file;
    var parent = path.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function stop(code, message) {
  process.stderr.write(message + '\n');
  process.exitCode = code;
}

// Not in the default place: that is a guessable folder of /tmp, where another user could leave code for root.
function enableCompileCache() {
  var nodeModule = require('module');
  if (typeof nodeModule.enableCompileCache !== 'function') return;
  try {
    nodeModule.enableCompileCache(path.join(os.userInfo().homedir, '.cache/machinespawn/compile-cache'));
  } catch {
    // A user without an entry in passwd starts a little slower.
  }
}

// Only called on a Node that knows ES modules.
function load(entry) {
  enableCompileCache();
  return import(url.pathToFileURL(entry).href);
}

function handOver(node) {
  var args = [__filename].concat(process.argv.slice(2));
  var program = node;
  var setpriv = '/usr/bin/setpriv';
  if (fs.existsSync(setpriv)) {
    // kill -9 of this process must not leave the real one running.
    args = ['--pdeathsig', 'KILL', '--', node].concat(args);
    program = setpriv;
  }
  var child = childProcess.spawn(program, args, { stdio: 'inherit' });
  // A terminal sends SIGINT to both of us; the child decides what it means.
  process.on('SIGINT', function () {});
  ['SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on('error', function (error) {
    stop(EXIT_PREREQUISITE, 'machinespawn cannot start ' + program + ': ' + error.message);
  });
  child.on('exit', function (code, signal) {
    process.exitCode = signal ? 128 + os.constants.signals[signal] : code;
  });
}

// Words after which a private mount namespace is not wanted at once, or not at all.
var QUIET =
  'list ls list-images images doctor runs cache help run remove rm clean-cache clean-bootstrap pipeline plugins resume';
var QUIET_OPTIONS = ['-h', '--help', '-V', '--version', '--dry-run'];

/*
 * A build begins in a private mount namespace (src/host/namespace.ts enters it, and says why). Both ways begin the process
 * anew; entering it here, before anything is loaded, makes a machine from the cache a tenth of a second quicker. Whatever
 * speaks against it leaves it to the command, which has words for it.
 */
function enterNamespaceEarly() {
  var args = process.argv.slice(2);
  var word = args.filter(function (arg) {
    return arg[0] !== '-';
  })[0];
  if (!word || QUIET.split(' ').indexOf(word) !== -1) return;
  if (
    args.some(function (arg) {
      return QUIET_OPTIONS.indexOf(arg) !== -1;
    })
  )
    return;
  if (!process.execve || process.geteuid() !== 0 || process.env.MACHINESPAWN_PRIVATE_NAMESPACE === String(process.pid))
    return;
  var there = ['/usr/bin/unshare', '/usr/sbin/debootstrap', '/usr/bin/systemd-nspawn', '/usr/bin/gpgv'].every(
    fs.existsSync,
  );
  if (!there || !mayUnshare()) return;
  var env = Object.assign({}, process.env, { MACHINESPAWN_PRIVATE_NAMESPACE: String(process.pid) });
  // A young generation that need not grow first; the size is what it would grow to. A pull leaves the memory to xz.
  var isPull = args.indexOf('pull-tar') !== -1 || args.indexOf('pull-raw') !== -1;
  var young = isPull ? '--max-semi-space-size=4' : '--min-semi-space-size=16';
  var argv = ['unshare', '--mount', '--propagation', 'slave', '--', process.execPath, young];
  process.execve('/usr/bin/unshare', argv.concat(process.execArgv, process.argv.slice(1)), env);
}

// CAP_SYS_ADMIN is bit 21.
function mayUnshare() {
  var status = fs.readFileSync('/proc/self/status', 'latin1');
  var set = /^CapEff:\s*([0-9a-f]+)$/m.exec(status);
  return set !== null && (parseInt(set[1].slice(-6), 16) & 0x200000) !== 0;
}

function main() {
  var entry = findEntry();
  if (!isNewEnough(process.versions.node)) {
    var node = findPackagedNode();
    var found = process.versions.node + ' (' + process.execPath + ')';
    if (node) handOver(node);
    else stop(EXIT_PREREQUISITE, 'machinespawn needs Node 22.19 or newer; this is ' + found + HOW_TO_GET_NODE);
  } else if (entry) {
    enterNamespaceEarly();
    load(entry).catch(function (error) {
      stop(EXIT_INTERNAL, 'machinespawn cannot start: ' + (error && error.stack ? error.stack : error));
    });
  } else {
    stop(EXIT_INTERNAL, 'machinespawn is not built yet: run "npm run build"');
  }
}

main();
