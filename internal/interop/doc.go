// Package interop tests package cometd against Bayeux servers that other
// people wrote, and package cometdtest against clients that other people
// wrote: the reference server 3.1 and 9 (Java), the CometD project's Node
// server, Faye, and the JavaScript clients of the latter two.
//
// The tests need Node.js with npm, a JDK (17 or later) and Maven, and the
// programs in the folders node and java, whose dependencies are pinned by
// package-lock.json and pom.xml. The environment variable INTEROP says how far
// they may go to get them:
//
//	(unset)   run what is installed already, skip the rest and say why
//	1         install the dependencies below the user's cache directory first
//	required  as 1, and what cannot run is a failure instead of a skip
//	0         skip
package interop
