package pictures

import (
	"bytes"
	"embed"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strings"
)

// Each kind of goods has a picture without a ground, twice in one file: above, with black where the colour of the goods
// belongs, and below with white there. All between the two is the goods in another colour.
//
//go:embed goods/*.png
var goods embed.FS

const (
	stencilSide = 320 // pixels
	stencilZoom = 1.3 // the goods are drawn so much larger than in a scene of scale 1
)

// stencil is such a picture, its colours multiplied with how much of the ground they cover.
type stencil struct{ img *image.RGBA }

func openStencil(kind string) (*stencil, error) {
	data, err := goods.ReadFile("goods/" + strings.ToLower(kind) + ".png")
	if err != nil {
		return nil, err
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("picture of %s: %w", kind, err)
	}
	s := &stencil{image.NewRGBA(img.Bounds())}
	draw.Draw(s.img, s.img.Bounds(), img, image.Point{}, draw.Src)
	return s, nil
}

// at is the goods in the tint's colour at a point between the pixels, and how much of the ground they cover there.
func (s *stencil) at(u, v float64, tint rgb) (c rgb, cover float64) {
	x, y := (u*stencilZoom+1)/2*stencilSide-.5, (v*stencilZoom+1)/2*stencilSide-.5
	left, top := math.Floor(x), math.Floor(y)
	for _, p := range [...]image.Point{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		px, py := int(left)+p.X, int(top)+p.Y
		if px < 0 || py < 0 || px >= stencilSide || py >= stencilSide {
			continue
		}
		at := s.img.PixOffset(px, py)
		black := s.img.Pix[at : at+4]
		if black[3] == 0 { // nothing there, as in most of the picture
			continue
		}
		white := s.img.Pix[at+len(s.img.Pix)/2:]
		weight := (1 - math.Abs(x-float64(px))) * (1 - math.Abs(y-float64(py)))
		c.r += weight * tinted(black[0], white[0], tint.r)
		c.g += weight * tinted(black[1], white[1], tint.g)
		c.b += weight * tinted(black[2], white[2], tint.b)
		cover += weight * float64(black[3]) / 255
	}
	return c, cover
}

func tinted(black, white uint8, tint float64) float64 {
	return float64(black) + (float64(white)-float64(black))*tint/255
}

// scene is a picture: a soft background, a shadow on the ground and the goods.
type scene struct {
	kind         string
	tint         rgb
	top, bottom  rgb
	angle, scale float64
}

func (sc scene) draw(s *stencil, size int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	sin, cos := math.Sincos(sc.angle)
	for py := range size {
		for px := range size {
			x, y := (float64(px)+.5)/float64(size)*2-1, (float64(py)+.5)/float64(size)*2-1
			c := sc.background(x, y)
			whole, cover := s.at((x*cos+y*sin)/sc.scale, (y*cos-x*sin)/sc.scale, sc.tint)
			if cover > 0 {
				whole = rgb{whole.r / cover, whole.g / cover, whole.b / cover}
				c = c.blend(whole.light(.14*smooth(.5-y*.6)).dark(.08*smooth(.4+x*.7)), min(cover, 1))
			}
			img.SetRGBA(px, py, c.rgba())
		}
	}
	return img
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

type rgb struct{ r, g, b float64 }

func hex(v uint32) rgb { return rgb{float64(v >> 16 & 255), float64(v >> 8 & 255), float64(v & 255)} }

// blend goes from a to b as t goes from 0 to 1.
func (a rgb) blend(b rgb, t float64) rgb {
	return rgb{a.r + (b.r-a.r)*t, a.g + (b.g-a.g)*t, a.b + (b.b-a.b)*t}
}

func (a rgb) light(t float64) rgb { return a.blend(rgb{255, 255, 255}, t) }
func (a rgb) dark(t float64) rgb  { return a.blend(rgb{24, 26, 32}, t) }

func (a rgb) rgba() color.RGBA {
	return color.RGBA{uint8(a.r + .5), uint8(a.g + .5), uint8(a.b + .5), 255}
}

func smooth(t float64) float64 {
	t = max(0, min(1, t))
	return t * t * (3 - 2*t)
}
