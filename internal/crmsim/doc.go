// Package crmsim is what the simulators of CRMs share, whichever CRM one plays: the traffic around its API (faults on
// demand, the log of requests, the limit of a minute, what strict mode finds), answers, and a transport without a socket.
//
// Its rooms: table keeps rows and journals their changes, webhook delivers webhooks, frame draws the pages for people.
package crmsim
