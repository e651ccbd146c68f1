package keycrmtest

import (
	"image"
	"image/color"
	"math"
)

// sdf is a shape: the distance of a point to its edge, negative inside. Coordinates run from -1 to 1, y downwards.
type sdf func(x, y float64) float64

// layer is a shape in one colour.
type layer struct {
	shape sdf
	tint  rgb
}

type rgb struct{ r, g, b float64 }

func hex(v uint32) rgb { return rgb{float64(v >> 16 & 255), float64(v >> 8 & 255), float64(v & 255)} }

// blend goes from a to b as t goes from 0 to 1.
func (a rgb) blend(b rgb, t float64) rgb {
	return rgb{a.r + (b.r-a.r)*t, a.g + (b.g-a.g)*t, a.b + (b.b-a.b)*t}
}

func (a rgb) light(t float64) rgb { return a.blend(rgb{255, 255, 255}, t) }
func (a rgb) dark(t float64) rgb  { return a.blend(rgb{24, 26, 32}, t) }

func circle(cx, cy, r float64) sdf {
	return func(x, y float64) float64 { return norm(x-cx, y-cy) - r }
}

// box is a rectangle with half width w, half height h and corner radius r.
func box(cx, cy, w, h, r float64) sdf {
	return func(x, y float64) float64 {
		qx, qy := math.Abs(x-cx)-w+r, math.Abs(y-cy)-h+r
		return norm(max(qx, 0), max(qy, 0)) + min(max(qx, qy), 0) - r
	}
}

func ring(cx, cy, r, thick float64) sdf {
	return func(x, y float64) float64 { return math.Abs(norm(x-cx, y-cy)-r) - thick }
}

func stick(ax, ay, bx, by, r float64) sdf {
	dx, dy := bx-ax, by-ay
	return func(x, y float64) float64 {
		t := ((x-ax)*dx + (y-ay)*dy) / (dx*dx + dy*dy)
		t = max(0, min(1, t))
		return norm(x-ax-t*dx, y-ay-t*dy) - r
	}
}

// poly is a polygon given as x, y, x, y…, its corners rounded by r.
func poly(r float64, p ...float64) sdf {
	n := len(p) / 2
	return func(x, y float64) float64 {
		best, inside := math.Inf(1), false
		for i, j := 0, n-1; i < n; j, i = i, i+1 {
			ax, ay, bx, by := p[2*i], p[2*i+1], p[2*j], p[2*j+1]
			ex, ey, wx, wy := bx-ax, by-ay, x-ax, y-ay
			t := max(0, min(1, (wx*ex+wy*ey)/(ex*ex+ey*ey)))
			best = min(best, norm(wx-ex*t, wy-ey*t))
			if (ay > y) != (by > y) && x < ex*(y-ay)/ey+ax {
				inside = !inside
			}
		}
		if inside {
			best = -best
		}
		return best - r
	}
}

func leafShape(cx, cy, length, angle float64) sdf {
	s, c := math.Sin(angle), math.Cos(angle)
	return func(x, y float64) float64 {
		x, y = x-cx, y-cy
		u, v := x*c+y*s, -x*s+y*c
		return max(norm(u-length/2, v-length*.55), norm(u-length/2, v+length*.55)) - length*.74
	}
}

func union2(a, b sdf) sdf { return func(x, y float64) float64 { return min(a(x, y), b(x, y)) } }
func without(a, b sdf) sdf {
	return func(x, y float64) float64 { return max(a(x, y), -b(x, y)) }
}

// turned rotates and scales what is drawn.
func turned(f sdf, angle, scale float64) sdf {
	s, c := math.Sin(angle), math.Cos(angle)
	return func(x, y float64) float64 { return f((x*c+y*s)/scale, (-x*s+y*c)/scale) * scale }
}

// scene is a picture: a soft background, a shadow on the ground and the layers.
type scene struct {
	top, bottom rgb
	layers      []layer
	angle       float64
	scale       float64
}

func (sc scene) draw(size int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	shapes := make([]sdf, len(sc.layers))
	for i, l := range sc.layers {
		shapes[i] = turned(l.shape, sc.angle, sc.scale)
	}
	for y := 0; y < size; y += tile {
		for x := 0; x < size; x += tile {
			sc.drawTile(img, shapes, image.Rect(x, y, min(x+tile, size), min(y+tile, size)))
		}
	}
	return img
}

// tile is the side of the squares, in pixels, that are drawn with the shapes near them alone.
const tile = 10

func (sc scene) drawTile(img *image.RGBA, shapes []sdf, area image.Rectangle) {
	edge := float64(img.Rect.Dx()) / 2
	cx, cy := float64(area.Min.X+tile/2)/edge-1, float64(area.Min.Y+tile/2)/edge-1
	reach := float64(tile)/edge*.75 + 1/edge
	var near []int
	for i, f := range shapes {
		d := f(cx, cy)
		if d < -reach {
			near = near[:0] // it hides all that lies below
		}
		if d < reach {
			near = append(near, i)
		}
	}
	for py := area.Min.Y; py < area.Max.Y; py++ {
		for px := area.Min.X; px < area.Max.X; px++ {
			x, y := (float64(px)+.5)/edge-1, (float64(py)+.5)/edge-1
			c := sc.background(x, y)
			for _, i := range near {
				c = sc.paint(c, i, shapes[i](x, y)*edge, x, y)
			}
			img.SetRGBA(px, py, c.rgba())
		}
	}
}

func (sc scene) background(x, y float64) rgb {
	c := sc.top.blend(sc.bottom, smooth((x*.35+y+1.2)/2.4))
	c = c.light(.35 * smooth(1-math.Sqrt((x+.25)*(x+.25)+(y+.35)*(y+.35))/1.1))
	gx, gy := x/.62, (y-.68*sc.scale-.04)/.1
	if ground := gx*gx + gy*gy; ground < 1.6 {
		c = c.dark(.2 * smooth(1.25-math.Sqrt(ground)))
	}
	return c
}

// paint lays the i-th layer over c; d is the distance to its edge in pixels.
func (sc scene) paint(c rgb, i int, d, x, y float64) rgb {
	if d > 1 {
		return c
	}
	shade := sc.layers[i].tint.light(.14 * smooth(.5-y*.6)).dark(.08 * smooth(.4+x*.7))
	return c.blend(shade, max(0, min(1, .5-d)))
}

func smooth(t float64) float64 {
	t = max(0, min(1, t))
	return t * t * (3 - 2*t)
}

func (a rgb) rgba() color.RGBA {
	return color.RGBA{uint8(a.r + .5), uint8(a.g + .5), uint8(a.b + .5), 255}
}

// norm is math.Hypot without its care for huge numbers, and several times as fast.
func norm(x, y float64) float64 { return math.Sqrt(x*x + y*y) }
