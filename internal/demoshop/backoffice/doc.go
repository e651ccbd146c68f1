// Package backoffice is the admin: orders, products, messages, settings and integrations, behind a sign-in.
// It is the frame of the plugin's pages too, and writes products through the same door as the plugin.
package backoffice
