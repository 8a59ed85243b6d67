set(UI_WIDGET_SOURCES
  canvas.c canvas_export.c glyph.c svg_shapes.c theme.c
  axis.c bar.c chart.c heatmap.c table.c
  form.c form_paint.c)
